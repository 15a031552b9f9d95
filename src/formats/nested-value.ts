import { quoteName, quoteText } from '../platform/query-engine/statement-text.js';
import { finiteOrText, timeText } from './projection.js';
import { typeTree, type TypeTree } from './type-tree.js';

/** Digits that are sure to survive a reader which takes numbers for doubles. */
const DOUBLE_DIGITS = 15;

/**
 * SQL that gives a nested value the parts which JSON can hold, in the same form as values outside: RFC 3339 times, base64,
 * non-finite numbers as text. With `wideAsText`, integers and decimals that a double may not hold are text too, at whatever
 * depth, and JSON, which has no types inside, is its own text.
 */
export function nestedValue(value: string, type: string, wideAsText: boolean): string {
  return converted(value, typeTree(type), { wideAsText, depth: 0 }) ?? value;
}

interface Place {
  wideAsText: boolean;
  depth: number;
}

/** Null where the value can stay as it is. */
function converted(value: string, tree: TypeTree, place: Place): string | null {
  switch (tree.kind) {
    case 'leaf':
      return leaf(value, tree.type, place.wideAsText);
    case 'list':
      return mapped(value, tree.item, place);
    case 'map': {
      const [keys, values] = [`map_keys(${value})`, `map_values(${value})`];
      const key = mapped(keys, textKey(tree.key), place);
      const item = mapped(values, tree.value, place);
      return key === null && item === null ? null : `map(${key ?? keys}, ${item ?? values})`;
    }
    case 'struct': {
      const fields = tree.fields.map(({ name, type }) => {
        const field = `struct_extract(${value}, ${quoteText(name)})`;
        return { name, field, sql: converted(field, type, place) };
      });
      if (fields.every(({ sql }) => sql === null)) return null;
      const packed = fields.map(({ name, field, sql }) => `${quoteName(name)} := ${sql ?? field}`).join(', ');
      return `CASE WHEN ${value} IS NOT NULL THEN struct_pack(${packed}) END`;
    }
  }
}

function mapped(list: string, item: TypeTree, { wideAsText, depth }: Place): string | null {
  const name = `item_${String(depth)}`;
  const sql = converted(name, item, { wideAsText, depth: depth + 1 });
  return sql === null ? null : `list_transform(${list}, lambda ${name}: ${sql})`;
}

/** Keys of JSON objects are text, which the engine makes of all but times as it should be. */
const textKey = (tree: TypeTree): TypeTree =>
  tree.kind === 'leaf' && timeText('', tree.type) === null ? { kind: 'leaf', type: 'VARCHAR' } : tree;

function leaf(value: string, type: string, wideAsText: boolean): string | null {
  if (type === 'BLOB') return `to_base64(${value})`;
  if (/^(DOUBLE|FLOAT)$/.test(type)) return finiteOrText(value);
  if (type === 'JSON') return wideAsText ? `CAST(${value} AS VARCHAR)` : null;
  if (type === 'VARIANT') return wideAsText ? `CAST(CAST(${value} AS JSON) AS VARCHAR)` : `CAST(${value} AS JSON)`;
  if (wideAsText && (/^U?(BIGINT|HUGEINT)$/.test(type) || isWideDecimal(type))) return `CAST(${value} AS VARCHAR)`;
  return timeText(value, type);
}

/** Whether a decimal may have more digits than a double is sure to hold. */
export function isWideDecimal(type: string): boolean {
  const width = /^DECIMAL\((\d+),\d+\)$/.exec(type)?.[1];
  return width !== undefined && Number(width) > DOUBLE_DIGITS;
}
