import type { QuerySession } from '../../platform/query-engine/query-engine.js';
import { quoteName, quoteText } from '../../platform/query-engine/statement-text.js';
import { SourceFailed } from '../sources/source-errors.js';
import { SOURCE_TABLE } from '../sources/source.js';
import type { TableFile } from './table-file.js';

/** A column of a `TableFile`. */
export interface TextColumn {
  name: string;
  /** SQL type of the engine. */
  type: string;
  /** SQL that makes the value from the text in the file; absent when the engine reads the text as the type. */
  convert?: (text: string) => string;
  /** Text that the type has no value for and that `convert` makes NULL. */
  unfit?: string;
}

/** The engine's own limit; longer rows are named, so that it makes room for them. */
const DEFAULT_LINE_BYTES = 2_000_000;
const BUFFER_BYTES = 16 * DEFAULT_LINE_BYTES;

/** Text as it was before the writer put backslashes into it. Pairs of them come first: what is left of them is single. */
export function unescaped(text: string): string {
  const replacements = [
    ['\\b', 8],
    ['\\f', 12],
    ['\\n', 10],
    ['\\r', 13],
    ['\\t', 9],
    ['\\v', 11],
  ] as const;
  const single = replacements.reduce(
    (inner, [escape, code]) => `replace(${inner}, '${escape}', chr(${String(code)}))`,
    'x',
  );
  const parts = `list_transform(string_split(${text}, '\\\\'), lambda x: ${single})`;
  return `CASE WHEN contains(${text}, '\\') THEN array_to_string(${parts}, '\\') ELSE ${text} END`;
}

/** A text column: nothing else needs its backslashes taken out. */
export function textColumn(name: string): TextColumn {
  return { name, type: 'VARCHAR', convert: unescaped };
}

/** Makes the file readable as the relation `source`. Returns warnings of values that it has no place for. */
export async function relateTable(
  session: QuerySession,
  file: Pick<TableFile, 'path' | 'longestRow'>,
  columns: readonly TextColumn[],
): Promise<string[]> {
  const values = columns.map(({ name, type, convert }, index) => {
    const text = placeOf(index);
    const value = convert === undefined ? text : `CAST(${convert(text)} AS ${type})`;
    return `${value} AS ${quoteName(name)}`;
  });
  const table = readText(file, columns);
  await session.define(SOURCE_TABLE, `SELECT ${values.join(', ')} FROM ${table}`);
  const watched = columns.flatMap(({ name, unfit }, index) => (unfit === undefined ? [] : [{ name, unfit, index }]));
  if (watched.length === 0) return [];
  const counts = watched.map(
    ({ unfit, index }) => `count(*) FILTER (${placeOf(index)} = ${quoteText(unfit)}) AS ${placeOf(index)}`,
  );
  const [found] = await session.query(`SELECT ${counts.join(', ')} FROM ${table}`);
  return watched.flatMap(({ name, unfit, index }) => {
    const count = Number(found?.[placeOf(index)]);
    return count === 0
      ? []
      : [`${name}: ${String(count)} values are ${unfit}, which its type has no place for; they are NULL.`];
  });
}

/** The table function over the file. Its first column is empty: a row of one empty text would be taken for no row. */
export function readText(file: Pick<TableFile, 'path' | 'longestRow'>, columns: readonly TextColumn[]): string {
  const types = columns.map(
    ({ type, convert }, index) => `${placeOf(index)}: ${quoteText(convert === undefined ? type : 'VARCHAR')}`,
  );
  const only = columns.length === 1 ? ["_: 'VARCHAR'"] : [];
  const lineBytes = Math.max(DEFAULT_LINE_BYTES, file.longestRow + 1);
  return (
    `read_csv(${quoteText(file.path)}, auto_detect=false, header=false, delim='\t', quote='', escape='', comment='', ` +
    `new_line='\\n', nullstr='\\N', max_line_size=${String(lineBytes)}, ` +
    `buffer_size=${String(Math.max(BUFFER_BYTES, 2 * lineBytes))}, columns={${[...only, ...types].join(', ')}})`
  );
}

/** Put before the value of a row that has only one; see `readText`. */
export const ONLY_COLUMN_PREFIX = Buffer.from('\t');

const placeOf = (index: number): string => `c${String(index)}`;

/** The formats and JSON rows name each value by its column, and the engine does not tell capitals apart. */
export function checkColumnNames(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    const isTwice = seen.has(name.toLowerCase());
    if (isTwice || name.trim() === '') {
      const what = isTwice ? `Two columns of the query are named "${name}".` : 'A column of the query has no name.';
      throw new SourceFailed(`${what} Give it a name of its own with AS.`);
    }
    seen.add(name.toLowerCase());
  }
}
