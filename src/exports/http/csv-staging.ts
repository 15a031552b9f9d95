import { inferTypes } from '../../datasets/import/csv-types.js';
import type { QuerySession } from '../../platform/query-engine/query-engine.js';
import { quoteName, quoteText } from '../../platform/query-engine/statement-text.js';
import { SOURCE_TABLE } from '../sources/source.js';
import { nameColumns } from './column-names.js';
import type { CsvHeader } from './page-content.js';

/** The relation in which all values are still text. */
const TEXT_TABLE = 'source_text';
const SAMPLE_ROWS = 200;
/** Enough of a value to see what it may be. */
const SAMPLE_CHARACTERS = 100;

/** A file of records that follow this header; null for a page that has a header only. */
export interface CsvFile {
  header: CsvHeader;
  file: string | null;
}

/** Files whose headers are equal and that follow each other. */
interface Group {
  delimiter: string;
  names: string[];
  files: string[];
}

/**
 * Makes the relation `source` of CSV: the names of all headers, typed by what all values fit. Returns warnings, or null if
 * there is no header.
 */
export async function stageCsv(session: QuerySession, pages: readonly CsvFile[]): Promise<string[] | null> {
  const warnings = new Set<string>();
  const groups = groupsOf(pages, warnings);
  const names = unionOf(groups);
  if (names.length === 0) return null;
  const selects = groups.filter(({ files }) => files.length > 0).map((group) => selectGroup(group, names));
  const nothing = `SELECT ${names.map((name) => `CAST(NULL AS VARCHAR) AS ${quoteName(name)}`).join(', ')} WHERE false`;
  await session.define(TEXT_TABLE, selects.length === 0 ? nothing : selects.join(' UNION ALL '));
  const types = await typesOf(session, names);
  const casts = names.map(
    (name, index) => `CAST(${quoteName(name)} AS ${types[index] ?? 'VARCHAR'}) AS ${quoteName(name)}`,
  );
  await session.define(SOURCE_TABLE, `SELECT ${casts.join(', ')} FROM ${TEXT_TABLE}`);
  return [...warnings];
}

function groupsOf(pages: readonly CsvFile[], warnings: Set<string>): Group[] {
  const groups: Group[] = [];
  let lastKey = '';
  for (const { header, file } of pages) {
    const key = JSON.stringify([header.delimiter, header.names]);
    if (key !== lastKey) {
      const named = nameColumns(header.names, (name) => name);
      for (const warning of named.warnings) warnings.add(warning);
      groups.push({ delimiter: header.delimiter, names: named.columns.map(({ name }) => name), files: [] });
      lastKey = key;
    }
    if (file !== null) groups.at(-1)?.files.push(file);
  }
  return groups;
}

/** In first-seen order; the engine does not tell upper from lower case. */
function unionOf(groups: readonly Group[]): string[] {
  const names = new Map<string, string>();
  for (const name of groups.flatMap((group) => group.names)) {
    if (!names.has(name.toLowerCase())) names.set(name.toLowerCase(), name);
  }
  return [...names.values()];
}

function selectGroup({ delimiter, names, files }: Group, all: readonly string[]): string {
  const own = new Set(names.map((name) => name.toLowerCase()));
  const values = all.map((name) => {
    const value = own.has(name.toLowerCase()) ? quoteName(name) : 'CAST(NULL AS VARCHAR)';
    return `${value} AS ${quoteName(name)}`;
  });
  const columns = names.map((name) => `${quoteText(name)}: 'VARCHAR'`).join(', ');
  return `SELECT ${values.join(', ')} FROM read_csv([${files.map(quoteText).join(', ')}], auto_detect = false,
    columns = {${columns}}, header = false, delim = ${quoteText(delimiter)}, quote = '"', escape = '"', nullstr = '',
    allow_quoted_nulls = false, null_padding = false, strict_mode = false)`;
}

async function typesOf(session: QuerySession, names: readonly string[]): Promise<string[]> {
  const heads = names.map((name) => `left(${quoteName(name)}, ${SAMPLE_CHARACTERS}) AS ${quoteName(name)}`);
  const sample = await session.query(`SELECT ${heads.join(', ')} FROM ${TEXT_TABLE} LIMIT ${SAMPLE_ROWS}`);
  return await inferTypes(names, sample, async (expressions) => {
    const named = expressions.map((expression, index) => `${expression} AS e${String(index)}`);
    const [row = {}] = await session.query(`SELECT ${named.join(', ')} FROM ${TEXT_TABLE}`);
    return expressions.map((_, index) => row[`e${String(index)}`]);
  });
}
