import type { QueryColumn } from './query-engine.js';
import { quoteName } from './statement-text.js';

/** What Parquet cannot hold in the name of a type; not in the quoted name of a field or a member of an enumeration. */
const INEXACT = /("(?:[^"]|"")*"|'(?:[^']|'')*')|\b(?:U?HUGEINT|INTERVAL|TIME WITH TIME ZONE)\b/g;

/**
 * The type that a column is kept as. Parquet has no integers of 128 bits and the engine would write them as doubles, which
 * lose digits: they are kept as decimals of 38 digits, and as text inside other values. Its intervals are not negative and
 * end at milliseconds, and its times have no offset: both are kept as text.
 */
export function exactType(type: string): string {
  if (/^U?HUGEINT$/.test(type)) return 'DECIMAL(38,0)';
  return type.replace(INEXACT, (_, quoted: string | undefined) => quoted ?? 'VARCHAR');
}

/** Select list that keeps every digit; null when the columns can be written as they are. */
export function exactProjection(columns: readonly QueryColumn[]): string | null {
  if (columns.every(({ type }) => exactType(type) === type)) return null;
  return columns
    .map(({ name, type }) => {
      const [column, exact] = [quoteName(name), exactType(type)];
      return exact === type ? column : `CAST(${column} AS ${exact}) AS ${column}`;
    })
    .join(', ');
}
