import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { versionKey } from '../../src/datasets/dataset.js';
import { RetentionApp } from '../support/retention-app.js';

const AUDIT_SECONDS = 100 * 86_400;
let app: RetentionApp;

beforeAll(async () => {
  app = await RetentionApp.start(5, {
    DATASET_KEEP_VERSIONS: '2',
    RESULT_KEEP_COUNT: '3',
    RESULT_KEEP_BYTES: '1000',
    AUDIT_RETENTION_SECONDS: String(AUDIT_SECONDS),
  });
});
afterAll(() => app.stop());
beforeEach(async () => {
  await app.sql.query('TRUNCATE runs, datasets, api_keys CASCADE');
});

interface Ended {
  owner?: string;
  bytes?: number;
  files?: number;
  minutesAgo: number;
}

async function completed({ owner = 'ann', bytes = 1, files = 0, minutesAgo }: Ended): Promise<string> {
  const id = randomUUID();
  const finished = new Date(Date.now() - minutesAgo * 60_000);
  await app.sql.query(
    `INSERT INTO runs (id, owner, kind, name, definition_version, status, parameters, time_zone, inputs, fingerprint, attempt,
       available_at, timeout_seconds, created_at, finished_at, expires_at, manifest)
     VALUES ($1, $2, 'report', 'r', 1, 'completed', '{}', 'UTC', '[]', 'f', 1, $3, 60, $3, $3, now() + interval '1 day', $4)`,
    [id, owner, finished, { key: `runs/${id}/1/result.parquet`, bytes }],
  );
  if (files > 0) {
    await app.sql.query(
      `INSERT INTO artifacts (id, run_id, format, status, key, size) VALUES ($1, $2, 'csv', 'ready', $3, $4)`,
      [randomUUID(), id, `runs/${id}/1/a.csv`, files],
    );
  }
  return id;
}

async function live(owner: string): Promise<string[]> {
  const { rows } = await app.sql.query<{ id: string }>(
    `SELECT id FROM runs WHERE owner = $1 AND status = 'completed' AND expires_at > now() ORDER BY finished_at DESC`,
    [owner],
  );
  return rows.map(({ id }) => id);
}

async function versions(dataset: string, ages: readonly number[]): Promise<string[]> {
  await app.sql.query(`INSERT INTO datasets (id, owner, name) VALUES ($1, 'ann', $2)`, [dataset, `t_${dataset}`]);
  const ids = ages.map(() => randomUUID());
  for (const [index, id] of ids.entries()) {
    const key = versionKey(dataset, id);
    await app.storage.put(key, Readable.from([key]), { contentType: 'text/plain' });
    await app.sql.query(
      `INSERT INTO dataset_versions (id, dataset_id, version, key, rows, bytes, sha256, columns, source_format, created_at)
       VALUES ($1, $2, $3, $4, 1, 1, '', '[]', 'csv', now() - $5 * interval '1 hour')`,
      [id, dataset, index + 1, key, ages[index]],
    );
  }
  return ids;
}

async function kept(dataset: string): Promise<{ rows: string[]; files: string[] }> {
  const { rows } = await app.sql.query<{ id: string }>(
    'SELECT id FROM dataset_versions WHERE dataset_id = $1 ORDER BY version',
    [dataset],
  );
  const files = await Array.fromAsync(app.storage.list(`datasets/${dataset}/`));
  return { rows: rows.map(({ id }) => id), files: files.map(({ key }) => key.split('/')[2] ?? '').sort() };
}

it('keeps so many results of an owner, the oldest expiring first by the ordinary change', async () => {
  const runs = [];
  for (let age = 1; age <= 5; age += 1) runs.push(await completed({ minutesAgo: age }));
  const others = await completed({ owner: 'bob', minutesAgo: 60 });
  await app.sweepOld();
  expect(await live('ann')).toEqual(runs.slice(0, 3));
  expect(await live('bob')).toEqual([others]);
  await app.sweepRuns();
  const { rows } = await app.sql.query<{ id: string; type: string }>(
    `SELECT run_id AS id, data->>'status' AS type FROM run_events ORDER BY created_at, run_id`,
  );
  expect(rows.map(({ id }) => id).sort()).toEqual(runs.slice(3).sort());
  expect(new Set(rows.map(({ type }) => type))).toEqual(new Set(['expired']));
});

it('keeps so many bytes of an owner, results and files, but always the newest result', async () => {
  const big = await completed({ owner: 'bob', bytes: 5000, minutesAgo: 1 });
  await completed({ owner: 'bob', bytes: 1, minutesAgo: 2 });
  const first = await completed({ bytes: 500, files: 100, minutesAgo: 1 });
  const second = await completed({ bytes: 300, files: 100, minutesAgo: 2 });
  await completed({ bytes: 1, minutesAgo: 3 });
  await app.sweepOld();
  expect(await live('ann')).toEqual([first, second]);
  expect(await live('bob')).toEqual([big]);
});

it('keeps the newest versions, those that a run reads, and those that were the newest just now', async () => {
  const [many, fresh, few] = [randomUUID(), randomUUID(), randomUUID()];
  const ids = await versions(many, [50, 40, 30, 20, 10]);
  const now = await versions(fresh, [30, 0.3, 0.2, 0.1]);
  const both = await versions(few, [99, 98]);
  const pinned = await completed({ minutesAgo: 1 });
  const ended = await completed({ minutesAgo: 1 });
  const pin = (id: string | undefined) => JSON.stringify([{ name: 't', version: 1, id }]);
  await app.sql.query(`UPDATE runs SET status = 'queued', inputs = $2 WHERE id = $1`, [pinned, pin(ids[1])]);
  await app.sql.query('UPDATE runs SET inputs = $2 WHERE id = $1', [ended, pin(ids[0])]);
  await Promise.all([app.sweepOld(), app.sweepOld(), app.sweepOld()]);
  const expected = [ids[1], ids[3], ids[4]];
  expect(await kept(many)).toEqual({ rows: expected, files: expected.toSorted() });
  // The first was replaced some minutes ago, when it may have been chosen for a run that is not there yet.
  expect((await kept(fresh)).rows).toEqual(now);
  expect((await kept(few)).rows).toEqual(both);
});

it('removes old entries of the audit, in steps, and keys that have been of no use for as long', async () => {
  await app.sql.query(`
    INSERT INTO audit_entries (owner, action, resource, actor_type, at)
    SELECT 'ann', 'report.create', n::text, 'service', now() - n * interval '1 day' FROM generate_series(1, 1200) AS n`);
  const keys = [
    ['expired', null, 101],
    ['just expired', null, 99],
    ['revoked', 101, null],
    ['revoked, then expired', 101, 1],
    ['just revoked', 99, null],
    ['in use', null, null],
    ['long in use', null, -101],
  ] as const;
  for (const [name, revoked, expires] of keys) {
    await app.sql.query(
      `INSERT INTO api_keys (id, owner, name, prefix, hash, scopes, created_at, revoked_at, expires_at)
       VALUES ($1, 'ann', $2, '', '', '[]', now() - interval '1 year', now() - $3 * interval '1 day', now() - $4 * interval '1 day')`,
      [randomUUID(), name, revoked, expires],
    );
  }
  await Promise.all([app.sweepOld(), app.sweepOld()]);
  await app.sweepOld();
  const entries = await app.sql.query<{ count: number }>('SELECT count(*)::int AS count FROM audit_entries');
  expect(entries.rows[0]?.count).toBe(99);
  const left = await app.sql.query<{ name: string }>('SELECT name FROM api_keys ORDER BY name');
  expect(left.rows.map(({ name }) => name)).toEqual(['in use', 'just expired', 'just revoked', 'long in use']);
});

it('gives the turn to one process of many, and to the next when it does not hold on to it', async () => {
  const claims = Array.from({ length: 8 }, () => ({ name: 'test', holder: randomUUID() }));
  const take = async () => await Promise.all(claims.map(async (claim) => app.turns.take(claim, 600)));
  const first = await take();
  expect(first.filter(Boolean)).toHaveLength(1);
  expect((await take()).filter(Boolean)).toEqual([]);
  const [holder] = claims.filter((_, index) => first[index]);
  const [other] = claims.filter((_, index) => !first[index]);
  if (holder === undefined || other === undefined) throw new Error('Nobody has the turn.');
  expect(await app.turns.hold(other, 0)).toBe(false);
  expect(await app.turns.hold(holder, 0)).toBe(true);
  expect(await app.turns.take(other, 600)).toBe(true);
  expect(await app.turns.hold(holder, 600)).toBe(false);
});
