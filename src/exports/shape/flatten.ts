import type { QueryColumn } from '../../platform/query-engine/query-engine.js';
import { quoteName, quoteText } from '../../platform/query-engine/statement-text.js';
import { structFields } from './column-type.js';

/** Alias of the source in the FROM of a shaped query. */
export const SOURCE_ALIAS = 's';

/** A column that a source offers, and the SQL that reads it from the relation aliased `s`. */
export interface SourceColumn extends QueryColumn {
  sql: string;
}

export function sourceColumns(columns: readonly QueryColumn[], nested: 'json' | 'flatten'): SourceColumn[] {
  const read = columns.map(({ name, type }) => ({ name, type, sql: `${SOURCE_ALIAS}.${quoteName(name)}` }));
  return nested === 'flatten' ? read.flatMap(flattened) : read;
}

/** A column for each field, named by its path (`address.city`), whatever depth it is at. Lists and maps stay. */
function flattened(column: SourceColumn): SourceColumn[] {
  const fields = structFields(column.type);
  if (fields === null) return [column];
  return fields.flatMap(({ name, type }) =>
    flattened({ name: `${column.name}.${name}`, type, sql: `struct_extract(${column.sql}, ${quoteText(name)})` }),
  );
}
