import { isNested, timeText } from '../../formats/projection.js';
import type { QueryColumn } from '../../platform/query-engine/query-engine.js';
import { quoteText } from '../../platform/query-engine/statement-text.js';
import { decimalDigits, kindOf, type TypeKind } from './column-type.js';
import { shown } from './shape-errors.js';

const NUMBERS: readonly TypeKind[] = ['text', 'json', 'integer', 'decimal', 'double', 'boolean'];
const DAYS: readonly TypeKind[] = ['text', 'json', 'date', 'timestamp', 'timestamptz'];
const TIMES: readonly TypeKind[] = ['text', 'json', 'time', 'timestamp', 'timestamptz'];

/** What a target can be made of; those that are not here, of everything. */
const SOURCES_OF: Readonly<Record<string, readonly TypeKind[]>> = {
  integer: NUMBERS,
  number: NUMBERS,
  boolean: NUMBERS,
  decimal: NUMBERS,
  date: DAYS,
  timestamp: DAYS,
  timestamptz: DAYS,
  time: TIMES,
};
const SQL_TYPES: Readonly<Record<string, string>> = {
  number: 'DOUBLE',
  boolean: 'BOOLEAN',
  date: 'DATE',
  time: 'TIME',
  timestamp: 'TIMESTAMP',
  timestamptz: 'TIMESTAMP WITH TIME ZONE',
};
const WITH_OFFSET = String.raw`':.*([Zz]|[+-]\d\d(:?\d\d)?)$'`;
const SHOWN_CHARACTERS = 100;
/** Whole numbers of so many digits fit in 64 bits. */
const BIGINT_DIGITS = 18;

/** A column whose `sql` gives the value, under the name that it has in the file. */
type Castable = QueryColumn & { sql: string };

/**
 * The column as `target` (one of `CAST_TYPES`); null when its type can never be cast to it. A value that cannot be cast
 * fails the query with its column. Fractions are rounded, as the engine rounds them.
 */
export function cast(column: Castable, target: string): Castable | null {
  const family = target.replace(/\(.*/, '');
  if (SOURCES_OF[family]?.includes(kindOf(column.type)) === false) return null;
  if (family === 'text') return { ...column, type: 'VARCHAR', sql: textOf(column) };
  if (family === 'json') return { ...column, type: 'JSON', sql: jsonOf(column) };
  const type =
    family === 'integer' ? integerType(column.type) : (SQL_TYPES[family] ?? target.replace(/\s/g, '').toUpperCase());
  return type === column.type ? column : { ...column, type, sql: checked(column, type, target) };
}

/** A wider integer only where the type says that values may need it: then the result keeps a decimal of 38 digits. */
function integerType(type: string): string {
  if (/^(?:UBIGINT|U?HUGEINT)$/.test(type)) return 'HUGEINT';
  const digits = decimalDigits(type);
  return digits !== null && digits.width - digits.scale > BIGINT_DIGITS ? 'HUGEINT' : 'BIGINT';
}

/** In the forms that the text formats write, so that a cast to text changes no file. Text in JSON loses its quotes. */
function textOf({ sql, type }: Castable): string {
  if (type === 'VARCHAR') return sql;
  if (type === 'JSON') return textOfJson(sql);
  if (isNested(type)) return `CAST(to_json(${sql}) AS VARCHAR)`;
  if (type === 'BLOB') return `to_base64(${sql})`;
  return timeText(sql, type) ?? `CAST(${sql} AS VARCHAR)`;
}

/** Taken out of the JSON by the engine, a long number would become a double, and lose digits. */
function textOfJson(sql: string): string {
  const kind = `json_type(${sql})`;
  return `CASE ${kind} WHEN 'VARCHAR' THEN json_extract_string(${sql}, '$') WHEN 'NULL' THEN NULL ELSE CAST(${sql} AS VARCHAR) END`;
}

/** Text is read as JSON; a number that JSON does not have stands as text. */
function jsonOf(column: Castable): string {
  const { sql, type } = column;
  switch (kindOf(type)) {
    case 'json':
      return sql;
    case 'text':
      return checked(column, 'JSON', 'json');
    case 'double':
      return `CASE WHEN isfinite(${sql}) THEN to_json(${sql}) ELSE to_json(CAST(${sql} AS VARCHAR)) END`;
    case 'timestamp':
    case 'timestamptz':
    case 'other':
      return `to_json(${textOf(column)})`;
    default:
      return `to_json(${sql})`;
  }
}

function checked({ name, sql, type }: Castable, target: string, asked: string): string {
  const value = type === 'JSON' ? textOfJson(sql) : sql;
  const isText = ['text', 'json'].includes(kindOf(type));
  const problem = quoteText(`Column ${shown(name)} has a value that cannot be cast to ${asked}: `);
  const text = `left(CAST(${value} AS VARCHAR), ${String(SHOWN_CHARACTERS)})`;
  return `coalesce(${tried(value, target, isText)}, CASE WHEN ${value} IS NOT NULL THEN error(${problem} || ${text}) END)`;
}

/** The engine drops the offset of a text that becomes a date or a local time: such a text is read as an instant first. */
function tried(value: string, target: string, isText: boolean): string {
  const direct = `TRY_CAST(${value} AS ${target})`;
  if (!isText || (target !== 'DATE' && target !== 'TIMESTAMP')) return direct;
  const instant = `TRY_CAST(TRY_CAST(${value} AS TIMESTAMPTZ) AS ${target})`;
  return `CASE WHEN regexp_matches(${value}, ${WITH_OFFSET}) THEN ${instant} ELSE ${direct} END`;
}
