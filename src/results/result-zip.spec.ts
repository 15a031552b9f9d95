import { parse } from 'csv-parse/sync';
import ExcelJS from 'exceljs';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { readdir, readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPromise } from 'yauzl';
import { FormatName } from '../formats/format.js';
import { FORMATS } from '../formats/formats.js';
import { planOf } from '../formats/zip-plan.js';
import { RenderBench } from '../../test/support/rendered.js';

let bench: RenderBench;
beforeAll(async () => {
  bench = await RenderBench.open();
});
afterAll(async () => {
  await bench.close();
});

async function unzip(file: string): Promise<Record<string, string>> {
  const zip = await openPromise(file);
  const files: Record<string, string> = {};
  for await (const entry of zip.eachEntry()) {
    files[entry.fileName] = (await buffer(await zip.openReadStreamPromise(entry))).toString('utf8');
  }
  return files;
}

it('holds the CSV of the same rows, and leaves nothing beside it', async () => {
  const sql = `SELECT i AS n, CASE WHEN i % 3 = 0 THEN '' WHEN i % 3 = 1 THEN 'a,"b"' || chr(10) || '😀' END AS t FROM range(200_000) AS r(i)`;
  const csv = await bench.render(FormatName.Csv, sql);
  const { file } = await bench.render(FormatName.Zip, sql);
  const files = await unzip(file);
  expect(Object.keys(files)).toEqual(['a-report.csv']);
  // Not by toEqual, which would show all of it.
  expect(files['a-report.csv'] === (await readFile(csv.file, 'utf8'))).toBe(true);
  expect((await readdir(bench.directory)).filter((name) => name.endsWith('.pipe'))).toEqual([]);
});

it('holds a header line when there are no rows', async () => {
  const { file } = await bench.render(FormatName.Zip, 'SELECT 1 AS a LIMIT 0');
  expect(await unzip(file)).toEqual({ 'a-report.csv': 'a\n' });
});

const NUMBERS = "SELECT i AS n, 'a' || chr(10) || i AS t FROM range(100_000) AS r(i)";

it('splits the rows over files that are whole by themselves', async () => {
  const { file } = await bench.render(FormatName.Zip, NUMBERS, { maxRowsPerFile: 41_000 });
  const files = await unzip(file);
  expect(Object.keys(files)).toEqual(['a-report-1.csv', 'a-report-2.csv', 'a-report-3.csv']);
  const records = Object.values(files).map((content) => parse<{ n: string; t: string }>(content, { columns: true }));
  expect(records.map(({ length }) => length)).toEqual([41_000, 41_000, 18_000]);
  expect(records.flat().every(({ n, t }, index) => n === String(index) && t === `a\n${n}`)).toBe(true);
});

it.each([FormatName.Json, FormatName.Ndjson])('splits %s', async (innerFormat) => {
  const { file } = await bench.render(FormatName.Zip, NUMBERS, { maxRowsPerFile: 60_000, innerFormat });
  const files = Object.values(await unzip(file)).map((content) =>
    innerFormat === FormatName.Json
      ? JSON.parse(content)
      : content
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line)),
  );
  expect(files.map(({ length }) => length)).toEqual([60_000, 40_000]);
  expect(files.flat().every(({ n }: { n: number }, index: number) => n === index)).toBe(true);
});

it('splits Parquet, and leaves no part beside the archive', async () => {
  const { file } = await bench.render(FormatName.Zip, NUMBERS, { maxRowsPerFile: 60_000, innerFormat: 'parquet' });
  const zip = await openPromise(file);
  const rows = [];
  for await (const entry of zip.eachEntry()) {
    const bytes = await buffer(await zip.openReadStreamPromise(entry));
    const content = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    rows.push((await parquetReadObjects({ file: content, compressors })).map(({ n }) => Number(n)));
  }
  expect(rows.map(({ length }) => length)).toEqual([60_000, 40_000]);
  expect(rows.flat().every((n, index) => n === index)).toBe(true);
  expect((await readdir(bench.directory)).filter((name) => name.endsWith('.part'))).toEqual([]);
});

it('splits XLSX', async () => {
  const { file } = await bench.render(FormatName.Zip, 'FROM range(5) AS t(n)', {
    maxRowsPerFile: 3,
    innerFormat: 'xlsx',
  });
  const zip = await openPromise(file);
  const columns = [];
  for await (const entry of zip.eachEntry()) {
    const workbook = new ExcelJS.Workbook();
    await workbook.xlsx.read(await zip.openReadStreamPromise(entry));
    columns.push([entry.fileName, ...workbook.worksheets[0]!.getColumn(1).values.slice(1)]);
  }
  expect(columns).toEqual([
    ['a-report-1.xlsx', 'n', 0, 1, 2],
    ['a-report-2.xlsx', 'n', 3, 4],
  ]);
});

it('writes inner CSV by its options, and counts over all files what was changed', async () => {
  const options = { maxRowsPerFile: 2, profile: 'excel-eu' } as const;
  const sql = `SELECT unnest(['=1', 'a', '-2', '+3', 'b']) AS t`;
  const { file, warnings } = await bench.render(FormatName.Zip, sql, options);
  expect(await unzip(file)).toEqual({
    'a-report-1.csv': "\uFEFFt\r\n'=1\r\na\r\n",
    'a-report-2.csv': "\uFEFFt\r\n'-2\r\n'+3\r\n",
    'a-report-3.csv': '\uFEFFt\r\nb\r\n',
  });
  expect(warnings).toEqual(['csv: 3 text cells look like formulas and begin with an apostrophe.']);
});

it('is one file, without a number, of no rows and of all that fit', async () => {
  const empty = await bench.render(FormatName.Zip, 'SELECT 1 AS a LIMIT 0', { maxRowsPerFile: 5 });
  expect(await unzip(empty.file)).toEqual({ 'a-report.csv': 'a\n' });
  const full = await bench.render(FormatName.Zip, 'FROM range(5) AS t(a)', { maxRowsPerFile: 5 });
  expect(await unzip(full.file)).toEqual({ 'a-report.csv': 'a\n0\n1\n2\n3\n4\n' });
});

it('holds at most 10,000 files, and says so', async () => {
  const { session } = bench;
  await session.query('CREATE OR REPLACE VIEW many AS FROM range(20_001)');
  expect(await planOf({ session, table: 'many' }, 1)).toEqual({
    files: 6667,
    rowsPerFile: 3,
    warnings: ['zip: max_rows_per_file was raised to 3, as an archive holds 10,000 files at most.'],
  });
  expect(await planOf({ session, table: 'many' }, 3)).toEqual({ files: 6667, rowsPerFile: 3, warnings: [] });
});

it.each([FormatName.Zip, FormatName.Xlsx])(
  '%s fails as its statement does, and the session goes on',
  async (format) => {
    const { session, directory } = bench;
    const columns = [{ name: 'n', type: 'BIGINT', json: 'number' }] as const;
    await session.query(
      `CREATE OR REPLACE VIEW late AS SELECT CASE WHEN i = 900_000 THEN error('late') ELSE i END AS n FROM range(1_000_000) AS t(i)`,
    );
    for (const table of ['late', 'missing']) {
      const job = {
        session,
        table,
        columns,
        file: `${directory}/${format}.failed`,
        modified: new Date(),
        baseName: 'x',
        options: {},
      };
      await expect(FORMATS[format].render(job)).rejects.toThrow(/late|missing/);
    }
    expect(await session.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect((await readdir(directory)).filter((name) => name.endsWith('.pipe'))).toEqual([]);
  },
);

it('renders more files at a time than there are threads', async () => {
  const benches = await Promise.all(Array.from({ length: 6 }, () => RenderBench.open()));
  const sql = "SELECT i AS n, 'text ' || i AS t FROM range(100_000) AS r(i)";
  const files = await Promise.all(benches.map((each) => each.render(FormatName.Zip, sql)));
  for (const { file } of files) expect((await unzip(file))['a-report.csv']?.length).toBe(1_677_784);
  await Promise.all(benches.map((each) => each.close()));
}, 30_000);
