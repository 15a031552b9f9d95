import { pointerTo } from '../../common/json-pointer.js';
import { quoteName, quoteText } from '../../platform/query-engine/statement-text.js';
import { nameColumns, type NamedColumn } from './column-names.js';
import { Kind, typeOf, type ColumnKinds } from './value-kinds.js';

/** What the engine takes by itself; records beyond need to be announced. */
const OBJECT_SIZE = 16 * 1024 * 1024;
const MARGIN = 1024;

export interface JsonRecords {
  /** Files of lines, in order. */
  files: readonly string[];
  columns: readonly ColumnKinds[];
  /** Bytes of the largest record. */
  largest: number;
}

/** The SELECT that reads records of JSON with the types that all of them fit; null when no columns are known. */
export function selectJson(records: JsonRecords): { select: string; warnings: string[] } | null {
  const { files, columns: kinds, largest } = records;
  const { columns, warnings } = nameColumns(kinds, ({ name }) => name);
  if (columns.length === 0) {
    if (files.length === 0) return null;
    warnings.push('The records of the source have no fields.');
    return { select: `SELECT CAST(NULL AS VARCHAR) AS column1 FROM ${objects(files, largest)}`, warnings };
  }
  if (files.length === 0) {
    const empty = columns.map(({ source, name }) => `CAST(NULL AS ${columnType(source)}) AS ${quoteName(name)}`);
    return { select: `SELECT ${empty.join(', ')} WHERE false`, warnings };
  }
  // The reader takes the names of the fields for those of the columns, where that is possible.
  const isPlain = warnings.length === 0;
  return { select: isPlain ? readColumns(files, columns, largest) : extractColumns(files, columns, largest), warnings };
}

/** STRUCT for objects that were looked into and whose fields can be told apart; else what the kinds say. */
export function columnType({ kinds, fields }: ColumnKinds): string {
  const isObject = (kinds & ~Kind.Null) === Kind.Object && fields.length > 0;
  if (!isObject || nameColumns(fields, ({ name }) => name).warnings.length > 0) return typeOf(kinds);
  return `STRUCT(${fields.map((field) => `${quoteName(field.name)} ${columnType(field)}`).join(', ')})`;
}

function readColumns(files: readonly string[], columns: readonly NamedColumn<ColumnKinds>[], largest: number): string {
  const types = columns.map(({ source, name }) => `${quoteText(name)}: ${quoteText(columnType(source))}`);
  return `SELECT * FROM read_json(${listOf(files)}, format = 'newline_delimited', records = 'true',
    ${sizeOf(largest)}, columns = {${types.join(', ')}})`;
}

function extractColumns(
  files: readonly string[],
  columns: readonly NamedColumn<ColumnKinds>[],
  largest: number,
): string {
  const values = columns.map(({ source, name }) => `${valueOf(source)} AS ${quoteName(name)}`);
  return `SELECT ${values.join(', ')} FROM ${objects(files, largest)}`;
}

function valueOf(column: ColumnKinds): string {
  const pointer = quoteText(pointerTo(column.name));
  const type = columnType(column);
  const value = `json -> ${pointer}`;
  if (type === 'JSON') return `CASE WHEN json_type(${value}) <> 'NULL' THEN ${value} END`;
  if (type.startsWith('STRUCT')) return `CAST(${value} AS ${type})`;
  return `CAST(json ->> ${pointer} AS ${type})`;
}

const objects = (files: readonly string[], largest: number): string =>
  `read_json_objects(${listOf(files)}, format = 'newline_delimited', ${sizeOf(largest)})`;

const sizeOf = (largest: number): string => `maximum_object_size = ${String(Math.max(OBJECT_SIZE, largest + MARGIN))}`;

const listOf = (files: readonly string[]): string => `[${files.map(quoteText).join(', ')}]`;
