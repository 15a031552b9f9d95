import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { noBounds } from '../../test/support/bounds.js';
import { RenderBench } from '../../test/support/rendered.js';
import { FormatName } from '../formats/format.js';
import { LocalStorage } from '../storage/drivers/local.js';
import { describeColumns } from './result-columns.js';
import { RowCountMismatch } from './result-errors.js';
import { RESULT_TABLE, ResultWriter, type RenderRequest } from './result-writer.js';

let bench: RenderBench;
let root: string;
let storage: LocalStorage;
beforeAll(async () => {
  bench = await RenderBench.open();
  root = await mkdtemp(join(tmpdir(), 'storage-'));
  storage = await LocalStorage.open({ root, publicUrl: 'http://127.0.0.1', signingKey: 'a-key-that-only-tests-use' });
  await bench.session.materialize('SELECT range AS n FROM range(3)', 'result.parquet');
  await bench.session.relate(RESULT_TABLE, 'result.parquet');
});
afterAll(async () => {
  await bench.close();
  await rm(root, { recursive: true });
});

async function requestOf(format: FormatName, formatOptions: Record<string, unknown>, rows = 3): Promise<RenderRequest> {
  const { session, directory } = bench;
  const columns = await describeColumns(session, RESULT_TABLE);
  const run = { id: 'a', name: 'sums', createdAt: new Date('2026-02-03T04:05:06Z'), formatOptions };
  return {
    session,
    directory,
    columns,
    format,
    run,
    rows,
    keyPrefix: 'runs/a/1/',
    bounds: noBounds(AbortSignal.timeout(60_000)),
  };
}

it('names a compressed file by what it is', async () => {
  const artifact = await new ResultWriter(storage).render(await requestOf(FormatName.Csv, { gzip: true }));
  expect(artifact).toMatchObject({
    fileName: 'sums-2026-02-03.csv.gz',
    contentType: 'application/gzip',
    rows: 3,
    key: expect.stringMatching(/^runs\/a\/1\/[\w-]+\.csv\.gz$/),
  });
  expect(gunzipSync(await buffer(await storage.read(artifact.key))).toString()).toBe('n\n0\n1\n2\n');
});

it('leaves out what another format has no use for', async () => {
  const request = await requestOf(FormatName.Parquet, { gzip: true, profile: 'excel-eu' });
  expect(await new ResultWriter(storage).render(request)).toMatchObject({
    fileName: 'sums-2026-02-03.parquet',
    contentType: 'application/vnd.apache.parquet',
  });
});

it.each(Object.values(FormatName))('keeps no %s file whose rows are not those of the result', async (format) => {
  const request = await requestOf(format, {}, 4);
  const before = await countFiles();
  await expect(new ResultWriter(storage).render(request)).rejects.toThrow(RowCountMismatch);
  expect(await countFiles()).toBe(before);
});

async function countFiles(): Promise<number> {
  let files = 0;
  for await (const _ of storage.list('runs/')) files += 1;
  return files;
}
