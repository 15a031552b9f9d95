import { execFileSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.js';
import { ProcessEngine } from '../../src/platform/query-engine/process-engine.js';
import { describeColumns } from '../../src/results/result-columns.js';
import { ResultPages } from '../../src/results/result-pages.js';
import type { Manifest } from '../../src/runs/run.js';
import { LocalStorage } from '../../src/storage/drivers/local.js';
import type { ByteRange } from '../../src/storage/storage.js';
import { testConfig } from '../support/config.js';

const ROWS = 400_000;
const ROW_GROUP = 10_000;

let folder: string;
let config: Config;
let engine: ProcessEngine;
let storage: LocalStorage;
/** What was read of the storage, as one counts who pays for traffic. */
let bytesRead = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pages-'));
  config = testConfig({ PAGE_CACHE_MB: '1' });
  engine = new ProcessEngine(config);
  if (config.storage.driver !== 'local') throw new Error('the tests are configured for local storage');
  storage = await LocalStorage.open({ ...config.storage, publicUrl: config.http.publicUrl });
  const read = storage.read.bind(storage);
  storage.read = async (key: string, range?: ByteRange) => {
    const stream = await read(key, range);
    return stream.on('data', (chunk: Buffer) => (bytesRead += chunk.length));
  };
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function store(name: string, sql: string, rowGroup = ROW_GROUP): Promise<Manifest> {
  const directory = join(folder, name);
  await mkdir(directory);
  const session = await engine.open({ directory });
  const file = join(directory, 'result.parquet');
  await session.query(`COPY (${sql}) TO '${file}' (FORMAT parquet, ROW_GROUP_SIZE ${String(rowGroup)})`);
  await session.relate('result', file);
  const [count] = await session.query('SELECT count(*) AS n FROM result');
  const columns = await describeColumns(session, 'result');
  await session.close();
  const { key, size, sha256 } = await storage.put(`runs/${name}/1/result.parquet`, createReadStream(file), {
    contentType: 'application/vnd.apache.parquet',
  });
  return {
    ...{ rows: Number(count?.['n']), bytes: size, sha256, key, columns, parameters: {}, datasets: [], warnings: [] },
    ...{ definition: { name, version: 1 }, asOf: '', engine: '', source: null },
  };
}
const SERIES = `SELECT i AS n, 'row ' || i AS name, md5(i::VARCHAR) AS noise FROM range(${String(ROWS)}) AS t(i)`;

describe('pages of a result', () => {
  it('are right at any depth, in any order, many at once, and cost what they show', async () => {
    const manifest = await store('series', SERIES);
    const pages = new ResultPages(storage, engine, config);
    bytesRead = 0;
    const offsets = [ROWS - 5, 0, ROW_GROUP - 5, 123_456, ROW_GROUP * 2 - 1, 123_450, ROWS - ROW_GROUP - 3, 77_777];
    const read = await Promise.all(offsets.map((offset) => pages.read(manifest, offset, 10)));
    for (const [index, offset] of offsets.entries()) {
      const numbers = Array.from({ length: Math.min(10, ROWS - offset) }, (_, i) => offset + i);
      expect(read[index]?.map((row) => [row['n'], row['name']])).toEqual(numbers.map((n) => [n, `row ${String(n)}`]));
    }
    expect(bytesRead).toBeLessThan(manifest.bytes / 2);
    expect(await pages.read(manifest, ROWS, 10)).toEqual([]);
    await pages.onApplicationShutdown();
    expect(await readdir(join(config.scratchDir, 'pages'))).toEqual([]);
  });

  it('keep to the size of the cache, and come again after an eviction', async () => {
    const manifests = [];
    for (const name of ['a', 'b', 'c']) manifests.push(await store(name, `${SERIES} WHERE i % 2 = 0`));
    const pages = new ResultPages(storage, engine, config);
    for (const manifest of [...manifests, ...manifests]) {
      for (let offset = 0; offset < manifest.rows; offset += ROW_GROUP * 3) {
        expect((await pages.read(manifest, offset, 1))[0]).toMatchObject({ n: offset * 2 });
      }
      const files = await readdir(join(config.scratchDir, 'pages', String(process.pid)));
      expect(files.filter((file) => file.endsWith('.parquet')).length).toBeLessThanOrEqual(2);
    }
    await pages.onApplicationShutdown();
  });

  it('are read of equal results apart, and of no rows at all', async () => {
    const [one, two] = [await store('one', 'SELECT 1 AS a'), await store('two', 'SELECT 1 AS a')];
    expect(one.sha256).toBe(two.sha256);
    const pages = new ResultPages(storage, engine, config);
    const empty = await store('empty', 'SELECT 1 AS a LIMIT 0');
    expect(await Promise.all([one, two, empty].map((manifest) => pages.read(manifest, 0, 10)))).toEqual([
      [{ a: 1 }],
      [{ a: 1 }],
      [],
    ]);
    await pages.onApplicationShutdown();
  });

  it('survive the death of their engine, however many are reading', async () => {
    const manifest = await store('killed', SERIES);
    const pages = new ResultPages(storage, engine, config);
    await pages.read(manifest, 0, 1);
    execFileSync('pkill', ['-KILL', '-P', String(process.pid), '-f', 'engine-process']);
    const offsets = [5, 100_000, 300_000];
    const read = await Promise.all(offsets.map(async (offset) => pages.read(manifest, offset, 1)));
    expect(read.map(([row]) => row?.['n'])).toEqual(offsets);
    await pages.onApplicationShutdown();
    expect(() => execFileSync('pgrep', ['-P', String(process.pid), '-f', 'engine-process'])).toThrow();
  });

  it('are small parts of very wide results too', async () => {
    const columns = Array.from({ length: 1147 }, (_, i) => `i * ${String(i + 1)} AS c${String(i)}`);
    const manifest = await store('wide', `SELECT i AS n, ${columns.join(', ')} FROM range(3000) AS t(i)`, 2048);
    const pages = new ResultPages(storage, engine, config);
    const [row] = await pages.read(manifest, 2999, 10);
    expect(Object.keys(row ?? {})).toHaveLength(1148);
    expect(row?.['n']).toBe(2999);
    await pages.onApplicationShutdown();
  });

  it('survive the loss of the temporary folder', async () => {
    const manifest = await store('lost', SERIES);
    const pages = new ResultPages(storage, engine, config);
    await pages.read(manifest, 0, 1);
    await rm(join(config.scratchDir, 'pages', String(process.pid)), { recursive: true });
    expect(await pages.read(manifest, 200_000, 1)).toMatchObject([{ n: 200_000 }]);
    await pages.onApplicationShutdown();
  });

  it('leave no copy behind that could not be read', async () => {
    const manifest = await store('spoilt', SERIES);
    const pages = new ResultPages(storage, engine, config);
    const directory = join(config.scratchDir, 'pages', String(process.pid));
    const copies = async () => (await readdir(directory)).filter((file) => file.endsWith('.parquet'));
    await pages.read(manifest, 0, 1);
    const [spoilt] = await copies();
    await truncate(join(directory, spoilt!), 10);
    expect(await pages.read(manifest, 200_000, 1)).toMatchObject([{ n: 200_000 }]);
    const left = await copies();
    expect(left).toHaveLength(1);
    expect(left).not.toContain(spoilt);
    await pages.onApplicationShutdown();
  });
});
