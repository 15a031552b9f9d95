import type { QueryColumn } from '../../platform/query-engine/query-engine.js';

/** What can be done with the values of a type. `other` has a text and no more: UUID, BLOB, INTERVAL and the like. */
export type TypeKind =
  | 'text'
  | 'integer'
  | 'decimal'
  | 'double'
  | 'boolean'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'timestamptz'
  | 'json'
  | 'list'
  | 'nested'
  | 'other';

const KINDS: readonly (readonly [RegExp, TypeKind])[] = [
  [/\]$/, 'list'],
  [/^(?:STRUCT|MAP|UNION)\(|^VARIANT$/, 'nested'],
  [/^(?:VARCHAR|ENUM\()/, 'text'],
  [/^U?(?:TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/, 'integer'],
  [/^DECIMAL\(/, 'decimal'],
  [/^(?:DOUBLE|FLOAT)$/, 'double'],
  [/^BOOLEAN$/, 'boolean'],
  [/^DATE$/, 'date'],
  [/^TIME(?:_NS)?$/, 'time'],
  [/^TIMESTAMP(?:_S|_MS|_NS)?$/, 'timestamp'],
  [/^TIMESTAMP WITH TIME ZONE$/, 'timestamptz'],
  [/^JSON$/, 'json'],
];

export function kindOf(type: string): TypeKind {
  return KINDS.find(([pattern]) => pattern.test(type))?.[1] ?? 'other';
}

/** Type of the members of a list or array. */
export function elementType(list: string): string {
  return list.replace(/\[\d*\]$/, '');
}

/** Digits in all and after the point; null for a type that is no decimal. */
export function decimalDigits(type: string): { width: number; scale: number } | null {
  const match = /^DECIMAL\((\d+),\s*(\d+)\)$/i.exec(type);
  return match === null ? null : { width: Number(match[1]), scale: Number(match[2]) };
}

/** A quoted name or text, a bracket, a comma, or a run of anything else. */
const TOKEN = /"(?:[^"]|"")*"|'(?:[^']|'')*'|[(),]|[^"'(),]+/g;
const FIELD = /^\s*(?:"((?:[^"]|"")*)"|(\S+))\s+(\S[\s\S]*)$/;

/** The fields of a STRUCT in their order; null for every other type, also for a list of STRUCTs and for one without names. */
export function structFields(type: string): QueryColumn[] | null {
  if (!type.startsWith('STRUCT(') || !type.endsWith(')')) return null;
  const parts = splitAtCommas(type.slice('STRUCT('.length, -1));
  const fields = parts.map((part) => {
    const [, quoted, bare, fieldType] = FIELD.exec(part) ?? [];
    const name = quoted?.replaceAll('""', '"') ?? bare;
    return name === undefined || fieldType === undefined ? null : { name, type: fieldType.trim() };
  });
  const named = fields.filter((field) => field !== null);
  return named.length === fields.length ? named : null;
}

/** Splits where no bracket and no quote is open. */
function splitAtCommas(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '(') depth += 1;
    if (token === ')') depth -= 1;
    if (token === ',' && depth === 0) parts.push('');
    else parts.push((parts.pop() ?? '') + token);
  }
  return parts;
}
