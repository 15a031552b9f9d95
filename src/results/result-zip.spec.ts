import { readdir, readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPromise } from 'yauzl';
import { FormatName } from '../formats/format.js';
import { FORMATS } from '../formats/formats.js';
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
  for await (const entry of zip.eachEntry()) files[entry.fileName] = await text(await zip.openReadStreamPromise(entry));
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
