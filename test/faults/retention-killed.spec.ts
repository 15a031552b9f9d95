import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { versionKey } from '../../src/datasets/dataset.js';
import { RUNTIME } from '../../src/local/runtime.js';
import { testEnvironment } from '../support/config.js';
import { createDatabase, type TestDatabase } from '../support/database.js';

const DATASETS = 200;
const VERSIONS = 10;
const SCRIPT = resolve(import.meta.dirname, '../support/sweep-forever.js');

let database: TestDatabase;
let sql: pg.Client;
let root: string;

beforeAll(async () => {
  database = await createDatabase();
  sql = new pg.Client({ connectionString: database.url });
  await sql.connect();
  root = await mkdtemp(join(tmpdir(), 'longhaul-killed-'));
});
afterAll(async () => {
  await sql.end();
  await database.drop();
  await rm(root, { recursive: true });
});

function sweeping(): ChildProcess {
  const environment = testEnvironment({ DATABASE_URL: database.url, STORAGE_ROOT: root, DATASET_KEEP_VERSIONS: '1' });
  return spawn(process.execPath, [SCRIPT], {
    env: { ...RUNTIME, PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function fill(): Promise<void> {
  for (let n = 0; n < DATASETS; n += 1) {
    const dataset = randomUUID();
    const ids = Array.from({ length: VERSIONS }, () => randomUUID());
    for (const id of ids) {
      const path = join(root, versionKey(dataset, id));
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, 'rows');
    }
    await sql.query(`INSERT INTO datasets (id, owner, name) VALUES ($1, 'ann', $2)`, [dataset, `t${String(n)}`]);
    await sql.query(
      `INSERT INTO dataset_versions (id, dataset_id, version, key, rows, bytes, sha256, columns, source_format, created_at)
       SELECT id, $1::uuid, n, 'datasets/' || $1::text || '/' || id || '/data.parquet', 1, 1, '', '[]', 'csv',
         now() - (100 - n) * interval '1 day' FROM unnest($2::uuid[]) WITH ORDINALITY AS given (id, n)`,
      [dataset, ids],
    );
  }
}

/** Keys in the table and in the folder. */
async function look(): Promise<{ rows: string[]; files: string[] }> {
  const entries = await readdir(join(root, 'datasets'), { recursive: true });
  const files = entries.filter((name) => name.endsWith('.parquet')).map((name) => `datasets/${name}`);
  // Rows after files: a row that is read now and whose file was gone before is one that must not be.
  const { rows } = await sql.query<{ key: string }>('SELECT key FROM dataset_versions ORDER BY key');
  return { rows: rows.map(({ key }) => key), files: files.sort() };
}

it('leaves no row without its file wherever it is killed, and the next sweep ends its work', async () => {
  await fill();
  const total = DATASETS * VERSIONS;
  let amidst = 0;
  for (const share of [0.95, 0.8, 0.6, 0.4, 0.2]) {
    const child = sweeping();
    const gone = once(child, 'exit');
    const enough = DATASETS + (total - DATASETS) * share;
    await expect.poll(async () => (await look()).files.length, { timeout: 60_000, interval: 5 }).toBeLessThan(enough);
    child.kill('SIGKILL');
    await gone;
    const { rows, files } = await look();
    const there = new Set(files);
    expect(rows.filter((key) => !there.has(key))).toEqual([]);
    if (files.length > rows.length) amidst += 1;
  }
  // At least one of the kills has to have come between rows and files, or this has shown nothing.
  expect(amidst).toBeGreaterThan(0);

  const child = sweeping();
  const gone = once(child, 'exit');
  await expect.poll(async () => (await look()).files.length, { timeout: 60_000 }).toBe(DATASETS);
  child.kill('SIGKILL');
  await gone;
  const { rows, files } = await look();
  expect(rows).toEqual(files);
}, 180_000);
