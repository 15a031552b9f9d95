import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RenderBench } from '../../test/support/rendered.js';
import { FormatName } from '../formats/format.js';
import { FORMATS, fileKind } from '../formats/formats.js';

let bench: RenderBench;
beforeAll(async () => {
  bench = await RenderBench.open();
});
afterAll(async () => {
  await bench.close();
});

const SQL = `SELECT i AS n, CASE WHEN i % 3 = 0 THEN '' WHEN i % 3 = 1 THEN 'a,"b"' || chr(10) || '😀' END AS t FROM range(200_000) AS r(i)`;

it.each([FormatName.Csv, FormatName.Json, FormatName.Ndjson])('%s is the same inside as without', async (format) => {
  const plain = await bench.render(format, SQL);
  const { file } = await bench.render(format, SQL, { gzip: true });
  // zlib checks the length and the checksum.
  const content = gunzipSync(await readFile(file));
  expect(content.equals(await readFile(plain.file))).toBe(true);
  expect(fileKind(format, { gzip: true })).toEqual({ extension: `${format}.gz`, contentType: 'application/gzip' });
});

it('is whole when there are no rows', async () => {
  const { file } = await bench.render(FormatName.Ndjson, 'SELECT 1 AS a LIMIT 0', { gzip: true });
  expect(gunzipSync(await readFile(file))).toHaveLength(0);
});

it('makes equal files of equal rows', async () => {
  const files = [];
  for (let run = 0; run < 2; run += 1) files.push(await bench.render(FormatName.Csv, SQL, { gzip: true }));
  const [one, two] = await Promise.all(files.map(({ file }) => readFile(file)));
  expect(one!.equals(two!)).toBe(true);
});

it('fails as its statement does, and the session goes on', async () => {
  const { session, directory } = bench;
  await session.query(
    `CREATE OR REPLACE VIEW late AS SELECT CASE WHEN i = 900_000 THEN error('late') ELSE i END AS n FROM range(1_000_000) AS t(i)`,
  );
  const columns = [{ name: 'n', type: 'BIGINT', json: 'number' }] as const;
  const names = { file: `${directory}/failed.gz`, baseName: 'x', modified: new Date(), options: { gzip: true } };
  await expect(FORMATS.csv.render({ session, table: 'late', columns, ...names })).rejects.toThrow(/late/);
  expect(await session.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

it('changes nothing about a format that has no use for it', () => {
  expect(fileKind(FormatName.Parquet, { gzip: true }).extension).toBe('parquet');
  expect(fileKind(FormatName.Zip, { gzip: true }).extension).toBe('zip');
});
