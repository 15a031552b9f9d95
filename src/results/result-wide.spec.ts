import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testConfig } from '../../test/support/config.js';
import { FormatName, type Format, type FormatOptions, type RenderJob } from '../formats/format.js';
import { FORMATS } from '../formats/formats.js';
import { DuckDbEngine } from '../platform/query-engine/duckdb-engine.js';
import type { QuerySession } from '../platform/query-engine/query-engine.js';
import { quoteText } from '../platform/query-engine/statement-text.js';
import { describeColumns } from './result-columns.js';

const LARGE = { memoryMb: 2_000 };
const WIDE = 1_147;
let directory: string;
/** `small` has the limits of a deployment that sets none; `large` makes the tables and what they are compared with. */
let small: QuerySession;
let large: QuerySession;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'wide-'));
  const engine = new DuckDbEngine(testConfig());
  small = await engine.open({ directory });
  large = await engine.open({ directory, limits: LARGE });
});
afterAll(async () => {
  await small.close();
  await large.close();
  await rm(directory, { recursive: true });
});

async function table(name: string, columns: readonly string[], rows: number): Promise<RenderJob> {
  const kept = join(directory, `${name}.parquet`);
  await large.materialize(`SELECT ${columns.join(', ')} FROM range(${String(rows)}) AS t(i)`, kept);
  for (const session of [small, large]) await session.relate(name, kept);
  return {
    session: small,
    table: name,
    columns: await describeColumns(small, name),
    file: join(directory, `${name}.out`),
    kept,
    modified: new Date('2026-02-03T04:05:06.789Z'),
    baseName: 'wide',
    options: {},
  };
}

/** What the one COPY of a narrow table would write, with enough memory for it. */
async function plainCopy(format: Format, job: RenderJob): Promise<Buffer> {
  const copy = await format.copy!({ ...job, session: large });
  const file = join(directory, 'expected');
  await large.query(`COPY (${copy.select}) TO ${quoteText(file)} (${copy.options})`);
  return await readFile(file);
}

describe('1,147 columns of text', () => {
  let job: RenderJob;
  beforeAll(async () => {
    const columns = Array.from(
      { length: WIDE },
      (_, index) => `'column ${String(index)} of row ' || i AS c${String(index)}`,
    );
    job = await table('texts', columns, 2_100);
  });

  it.each([
    [FormatName.Csv, {}],
    [FormatName.Csv, { profile: 'excel-eu' }],
    [FormatName.Json, {}],
  ] as const)('become the same %s %j as that of one COPY, within the memory of the engine', async (format, options) => {
    const asked = { ...job, options };
    expect(await FORMATS[format].render(asked)).toEqual({ rows: 2_100, warnings: [] });
    expect((await readFile(job.file)).equals(await plainCopy(FORMATS[format], asked))).toBe(true);
    expect((await readdir(directory)).filter((name) => name.includes('.out.'))).toEqual([]);
  });

  it('become the Parquet file that is kept', async () => {
    expect(await FORMATS.parquet.render(job)).toEqual({ rows: 2_100, warnings: [] });
    expect((await readFile(job.file)).equals(await readFile(job.kept!))).toBe(true);
  });
});

describe('a few rows of 129 columns of all kinds', () => {
  const KINDS = [
    'i - 2',
    `CASE i WHEN 0 THEN '' WHEN 1 THEN 'a "b",' || chr(10) || 'c' || chr(13) || chr(10) WHEN 2 THEN '=1+1' WHEN 3 THEN chr(13) WHEN 4 THEN '"' END`,
    `CASE WHEN i <> 1 THEN 'é😀;{},' || chr(92) END`,
    'i / 4.0',
    `DATE '1899-12-31' + i::INTEGER`,
    `CASE i WHEN 0 THEN 'nan'::DOUBLE WHEN 1 THEN NULL ELSE i / 3 END`,
    `{'a': i, 'b': ['x', NULL]}`,
    `CASE WHEN i < 0 THEN 'never' END`,
  ];
  const columns = Array.from(
    { length: 129 },
    (_, index) => `${KINDS[index % KINDS.length]!} AS "c""${String(index)},"`,
  );
  // The last file has one column only, and lines without a byte in it.
  columns[128] = `CASE WHEN i = 3 THEN chr(10) END AS last`;
  const options: FormatOptions[] = [
    {},
    { profile: 'excel-eu' },
    { delimiter: '\t', lineEnd: 'crlf', nullText: 'NULL' },
  ];

  it.each([5, 0])('become the same bytes as those of one COPY: %i rows', async (rows) => {
    const job = await table(`kinds_${String(rows)}`, columns, rows);
    const asked = [
      ...options.map((csv) => ({ format: FORMATS.csv, options: csv })),
      { format: FORMATS.json, options: {} },
      { format: FORMATS.ndjson, options: {} },
    ];
    for (const { format, options: csv } of asked) {
      const own = { ...job, options: csv };
      expect((await format.render(own)).rows).toBe(rows);
      const expected = (await plainCopy(format, own)).toString();
      expect(await readFile(job.file, 'utf8')).toBe(expected);
      await format.render({ ...own, options: { ...csv, gzip: true } });
      expect(gunzipSync(await readFile(job.file)).toString()).toBe(expected);
    }
  });
});
