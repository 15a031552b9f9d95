import { quoteName, quoteText } from '../../platform/query-engine/statement-text.js';
import { DatasetInvalid } from '../dataset.js';
import { readHead, type CsvDialect } from './csv-dialect.js';
import { CsvScan } from './csv-scan.js';
import { inferTypes } from './csv-types.js';
import { checkOverrides, isAboutData, MAX_CHARACTERS, overrideOf, writeParquet, type ImportJob } from './import-job.js';

const SAMPLE_ROWS = 200;

/** A CSV file as the engine reads it: every column as text, every record checked. */
interface Table {
  dialect: CsvDialect;
  names: readonly string[];
  relation: string;
}

export async function importCsv(job: ImportJob): Promise<void> {
  const { dialect, names } = await readHead(job.source, job.options.csv);
  checkOverrides(job.options.types, names);
  if (await CsvScan.endsInLongLine(job.source)) {
    const place = await CsvScan.findFault(job.source, dialect, names.length);
    if (place !== undefined) throw DatasetInvalid.at(place);
  }
  const strict = { dialect, names, relation: relationOf(job.source, dialect, { names, strict: true }) };
  try {
    await convert(job, strict);
  } catch (error) {
    if (!isAboutData(error)) throw error;
    const place = await CsvScan.findFault(job.source, dialect, names.length);
    if (place !== undefined) throw DatasetInvalid.at(place, { cause: error });
    await refuseOverride(job, strict, error);
    // What is left is harmless, like line ends of two kinds in one file, which only the strict reader minds.
    await convertLeniently(job, { ...strict, relation: relationOf(job.source, dialect, { names, strict: false }) });
  }
}

async function convertLeniently(job: ImportJob, table: Table): Promise<void> {
  try {
    await convert(job, table);
  } catch (error) {
    if (!isAboutData(error)) throw error;
    throw new DatasetInvalid('The file cannot be read as CSV. Check the delimiter and the quote.', { cause: error });
  }
}

async function convert(job: ImportJob, { names, relation }: Table): Promise<void> {
  const { session, options } = job;
  const overridden = (name: string) => Object.hasOwn(options.types, name);
  const open = names.filter((name) => !overridden(name));
  const heads = names.map((name) => `left(${quoteName(name)}, ${MAX_CHARACTERS}) AS ${quoteName(name)}`);
  const sample = await session.query(`SELECT ${heads.join(', ')} FROM ${relation} LIMIT ${SAMPLE_ROWS}`);
  const inferred = await inferTypes(open, sample, async (expressions) => {
    const named = expressions.map((expression, index) => `${expression} AS e${String(index)}`);
    const [row = {}] = await session.query(`SELECT ${named.join(', ')} FROM ${relation}`);
    return expressions.map((_, index) => row[`e${String(index)}`]);
  });
  const types = new Map(open.map((name, index) => [name, inferred[index] ?? 'VARCHAR']));
  const casts = names.map((name) => {
    const type = types.get(name) ?? overrideOf(options.types, name) ?? 'VARCHAR';
    return `CAST(${quoteName(name)} AS ${type}) AS ${quoteName(name)}`;
  });
  await writeParquet(job, `SELECT ${casts.join(', ')} FROM ${relation}`, names.length);
}

/** If a value does not fit a type that the client asked for, names the first such value and its place. */
async function refuseOverride(job: ImportJob, { dialect, names, relation }: Table, cause: unknown): Promise<void> {
  for (const [name, type] of Object.entries(job.options.types)) {
    const column = quoteName(name);
    const rows = await job.session
      .query(
        `SELECT row, left(value, ${MAX_CHARACTERS}) AS value
         FROM (SELECT row_number() OVER () AS row, ${column} AS value FROM ${relation})
         WHERE value IS NOT NULL AND TRY_CAST(value AS ${type}) IS NULL ORDER BY row LIMIT 1`,
      )
      .catch((error: unknown) => {
        if (isAboutData(error)) return [];
        throw error;
      });
    const [bad] = rows;
    if (bad === undefined) continue;
    const record = Number(bad['row']) - (dialect.header ? 0 : 1);
    const field = names.indexOf(name);
    const place = await CsvScan.locate(job.source, dialect, { record, field, fields: names.length });
    const detail = `the value ${JSON.stringify(bad['value'])} of "${name}" is not ${type}.`;
    throw DatasetInvalid.at({ ...place, detail }, { cause });
  }
}

function relationOf(
  file: string,
  dialect: CsvDialect,
  { names, strict }: { names: readonly string[]; strict: boolean },
) {
  const { delimiter, quote, header, nullText } = dialect;
  const columns = names.map((name) => `${quoteText(name)}: 'VARCHAR'`).join(', ');
  const nulls = ['', ...(nullText === undefined ? [] : [nullText])].map(quoteText).join(', ');
  return `read_csv(${quoteText(file)}, auto_detect = false, columns = {${columns}}, header = ${String(header)},
    delim = ${quoteText(delimiter)}, quote = ${quoteText(quote)}, escape = ${quoteText(quote)}, nullstr = [${nulls}],
    allow_quoted_nulls = false, null_padding = false, strict_mode = ${String(strict)})`;
}
