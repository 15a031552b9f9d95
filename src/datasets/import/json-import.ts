import type { ErrorPlace } from '../../common/errors.js';
import { quoteName, quoteText } from '../../platform/query-engine/statement-text.js';
import { DatasetInvalid, type DatasetColumn } from '../dataset.js';
import { checkNames } from './csv-dialect.js';
import {
  checkOverrides,
  columnsOf,
  isAboutData,
  MAX_CHARACTERS,
  overrideOf,
  writeParquet,
  type ImportJob,
} from './import-job.js';
import { JsonScan } from './json-scan.js';

/**
 * Types that the engine guesses but that would change a value or its spelling (a UUID in capitals, a number beyond 64 bits)
 * or that are not plain text when read (JSON keeps the quotes). A type stands before a comma, a bracket or the end; a name
 * of a field stands before a blank, or in quotes.
 */
const GUESSED = /("(?:[^"]|"")*")|\b(?:JSON|UUID|DATE|TIME|UBIGINT|HUGEINT|UHUGEINT)\b(?=[,)[]|$)/g;
const DOUBLES = /("(?:[^"]|"")*")|\bDOUBLE\b(?=[,)[]|$)/g;
/** An integer that a double may not hold, as a JSON value of its own. */
const LONG_INTEGER = String.raw`(^|[\[:,])\s*-?\d{16,}\s*($|[,\]}])`;

/** How times look after Extended JSON was unwrapped; other texts stay texts. The date format is one that nothing has. */
const INFERENCE = `sample_size = -1, map_inference_threshold = -1, field_appearance_threshold = 0,
  dateformat = '%Y!', timestampformat = '%Y-%m-%dT%H:%M:%S.%gZ'`;

export async function importJson(job: ImportJob): Promise<void> {
  const layout = await JsonScan.layoutOf(job.source);
  const source = `read_json(${quoteText(job.source)}, format = '${layout}', records = 'true'`;
  try {
    const guessed = await columnsOf(job.session, `${source}, ${INFERENCE})`);
    checkNames(guessed.map(({ name }) => name));
    const { types } = job.options;
    checkOverrides(
      types,
      guessed.map(({ name }) => name),
    );
    const columns = await keepLongIntegers(job, source, guessed.map(keepSpelling));
    const wanted = columns.map(({ name, type }) => ({ name, type: overrideOf(types, name) ?? type }));
    await writeParquet(job, `SELECT * FROM ${source}, columns = ${shapeOf(wanted)})`, wanted.length);
  } catch (error) {
    throw await explain(job, source, error);
  }
}

function keepSpelling({ name, type }: DatasetColumn): DatasetColumn {
  return { name, type: type.replace(GUESSED, (_, quoted: string | undefined) => quoted ?? 'VARCHAR') };
}

/** Columns that the engine would read as doubles although they hold long integers become text. */
async function keepLongIntegers(job: ImportJob, source: string, columns: DatasetColumn[]): Promise<DatasetColumn[]> {
  const suspects = columns.filter(({ type }) => type.replace(DOUBLES, '$1') !== type);
  if (suspects.length === 0) return columns;
  const checks = suspects.map(
    ({ name }, index) =>
      `bool_or(regexp_matches(CAST(${quoteName(name)} AS VARCHAR), '${LONG_INTEGER}')) AS e${String(index)}`,
  );
  const raw = shapeOf(suspects.map(({ name }) => ({ name, type: 'JSON' })));
  const [row = {}] = await job.session.query(`SELECT ${checks.join(', ')} FROM ${source}, columns = ${raw})`);
  const long = new Set(suspects.filter((_, index) => row[`e${String(index)}`] === true).map(({ name }) => name));
  return columns.map(({ name, type }) => ({
    name,
    type: long.has(name) ? type.replace(DOUBLES, (_, quoted: string | undefined) => quoted ?? 'VARCHAR') : type,
  }));
}

function shapeOf(columns: readonly DatasetColumn[]): string {
  return `{${columns.map(({ name, type }) => `${quoteText(name)}: ${quoteText(type)}`).join(', ')}}`;
}

async function explain(job: ImportJob, source: string, error: unknown): Promise<unknown> {
  if (!isAboutData(error)) return error;
  const place = (await JsonScan.findFault(job.source)) ?? (await findMisfit(job, source));
  if (place !== undefined) return DatasetInvalid.at(place, { cause: error });
  return new DatasetInvalid('The file cannot be read as a list of JSON objects.', { cause: error });
}

/** The first value that does not fit the type that the client asked for its column, with the place of its object. */
async function findMisfit(job: ImportJob, source: string): Promise<ErrorPlace | undefined> {
  for (const [name, type] of Object.entries(job.options.types)) {
    const relation = `${source}, columns = ${shapeOf([{ name, type: 'JSON' }])})`;
    // TRY_CAST would look no further than the brackets of a list.
    const [bad] = await job.session.query(
      `SELECT row, left(CAST(value AS VARCHAR), ${MAX_CHARACTERS}) AS value
       FROM (SELECT row_number() OVER () AS row, ${quoteName(name)} AS value FROM ${relation})
       WHERE json_type(value) <> 'NULL' AND TRY(CAST(value AS ${type})) IS NULL ORDER BY row LIMIT 1`,
    );
    if (bad === undefined) continue;
    const place = await JsonScan.locate(job.source, Number(bad['row']));
    return { ...place, detail: `the value ${String(bad['value'])} of "${name}" is not ${type}.` };
  }
  return undefined;
}
