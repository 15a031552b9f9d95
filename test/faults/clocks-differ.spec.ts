import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DownloadDto } from '../../src/results/http/run-wire.js';
import { BASE, Client, type Report } from '../support/client.js';
import { Deployment } from '../support/deployment.js';
import { endedRuns } from '../support/ended-runs.js';
import { ExportsClient } from '../support/exports-client.js';
import { PagedApi } from '../support/paged-api.js';
import type { Environment } from '../support/processes.js';

const MINUTES = 5;
/** Shorter than the clocks are apart: who compared with its own clock would find everything over. */
const SECONDS = '120';
/** Shorter too, but so long that a worker on a busy machine does not lose a run for want of a processor. */
const LEASE_SECONDS = '30';
const SUM = { report_name: 'two-list-sum', list_a: [1, 2, 3], list_b: [4, 7, 9], target: 10, format: 'csv' };

let deployment: Deployment;
let ahead: Client;
let behind: Client;
let sql: pg.Client;

beforeAll(async () => {
  deployment = await Deployment.start({
    workers: 0,
    environment: {
      RUN_LEASE_SECONDS: LEASE_SECONDS,
      RUN_SWEEP_SECONDS: '1',
      RUN_RETRY_DELAY_SECONDS: '1',
      RUN_TIMEOUT_SECONDS: SECONDS,
      RESULT_TTL_SECONDS: SECONDS,
      IDEMPOTENCY_SECONDS: SECONDS,
      LINK_TTL_SECONDS: SECONDS,
      OUTBOUND_ALLOW: '127.0.0.1',
    },
  });
  await Promise.all([1, -1].map((sign) => deployment.startWorker(shifted(sign * MINUTES))));
  ahead = new Client((await deployment.startApi(shifted(MINUTES))).url);
  behind = new Client((await deployment.startApi(shifted(-MINUTES))).url);
  sql = new pg.Client({ connectionString: deployment.databaseUrl });
  await sql.connect();
});
afterAll(async () => {
  await sql.end();
  await deployment.stop();
});

function shifted(minutes: number): Environment {
  const script = join(import.meta.dirname, '../support/shifted-clock.ts');
  return { NODE_OPTIONS: `--import=${script}`, CLOCK_SHIFT_MS: String(minutes * 60_000) };
}

const apis = (): [string, Client, Client][] => [
  ['ahead', ahead, behind],
  ['behind', behind, ahead],
];

describe('processes whose clocks are ten minutes apart', () => {
  it('complete runs, each in one attempt and once, whoever takes them', async () => {
    const upstream = await PagedApi.start({ pages: 20, perPage: 10, delayMs: 10 });
    for (const [, api] of apis()) {
      await Promise.all(Array.from({ length: 10 }, () => api.create(SUM)));
      const { body } = await new ExportsClient(api).create({ source: upstream.source, format: 'csv' });
      expect(body).toMatchObject({ status: 'queued' });
    }
    const runs = await endedRuns(deployment);
    await upstream.stop();
    expect(runs).toHaveLength(22);
    expect(runs.map(({ status, attempt }) => `${status} ${String(attempt)}`)).toEqual(runs.map(() => 'completed 1'));
    const workers = await sql.query(`SELECT 1 FROM runs WHERE deadline_at - started_at <> $1 * interval '1 second'`, [
      SECONDS,
    ]);
    expect(workers.rowCount).toBe(0);
    const sums = runs.filter(({ rows }) => rows === 1);
    expect(sums).toHaveLength(20);
    expect(runs.filter(({ rows }) => rows === 200)).toHaveLength(2);
    expect(await deployment.files.keys('runs/')).toHaveLength(44);
  });

  it('give each other’s answers to an Idempotency-Key, and reuse each other’s results', async () => {
    for (const [target, [name, first, second]] of apis().entries()) {
      const own = { ...SUM, target: 11 + target };
      const headers = { 'idempotency-key': name };
      const { body } = await first.create(own, { headers });
      await first.ended(body.report_id);
      const again = await second.create(own, { headers });
      expect(again.body.report_id).toBe(body.report_id);
      expect(again.headers.get('idempotency-replayed')).toBe('true');
      const young = await second.create({ ...own, max_age: 60 });
      expect(young.body).toMatchObject({ report_id: body.report_id, reuse: { kind: 'cache' } });
      await sql.query(`UPDATE runs SET finished_at = now() - interval '90 seconds' WHERE id = $1`, [body.report_id]);
      for (const api of [first, second]) {
        const old = await api.create({ ...own, max_age: 1 });
        expect(old.body.report_id).not.toBe(body.report_id);
      }
    }
  });

  it('serve each other’s results and links, and ask a caller to look again soon', async () => {
    for (const [, first, second] of apis()) {
      const created = await first.create(SUM);
      expect(Number(created.headers.get('retry-after'))).toBeGreaterThan(0);
      const { report_id: id } = created.body;
      await first.ended(id);
      expect((await second.rows(id)).status).toBe(200);
      const json = { accept: 'application/json' };
      const download = await first.get<DownloadDto>(`${BASE}/reports/${id}/download`, json);
      const { pathname, search } = new URL(download.body.download_url);
      expect((await second.get(pathname + search)).status).toBe(200);
      const left = Date.parse(download.body.expires_at) - Date.now();
      expect(Math.abs(left / 1000 - Number(SECONDS))).toBeLessThan(30);
    }
  });

  it('see a result expire at the same moment', async () => {
    const { report_id: id } = await ahead.run(SUM);
    await sql.query(`UPDATE runs SET expires_at = now() WHERE id = $1`, [id]);
    for (const [, api] of apis()) {
      expect(await api.rows(id)).toMatchObject({ status: 410, body: { code: 'result-expired' } });
      expect((await api.get<Report>(`${BASE}/reports/${id}`)).body).toMatchObject({ status: 'expired' });
    }
  });

  it('let a key in for the same time', async () => {
    for (const [name, first, second] of apis()) {
      const json = { name, scopes: ['reports:read'], expires_at: new Date(Date.now() + 2 * 60_000).toISOString() };
      const { status, body } = await first.send<{ key_id: string; key: string }>('POST', `${BASE}/keys`, { json });
      expect(status).toBe(201);
      const seen = async () => {
        const answers = [first, second].map((api) => api.as(body.key).get(`${BASE}/reports`));
        return (await Promise.all(answers)).map((answer) => answer.status);
      };
      expect(await seen()).toEqual([200, 200]);
      await sql.query('UPDATE api_keys SET expires_at = now() WHERE id = $1', [body.key_id]);
      expect(await seen()).toEqual([401, 401]);
    }
  });

  it('fire schedules by one clock', async () => {
    const soon = new Date(Date.now() + 3 * 60_000);
    const cron = `${String(soon.getUTCMinutes())} ${String(soon.getUTCHours())} * * *`;
    for (const [name, api] of apis()) {
      const json = { name, cron, kind: 'report', body: SUM };
      const { status, body } = await api.send<{ next_at: string }>('POST', `${BASE}/schedules`, { json });
      expect(status).toBe(201);
      const left = Date.parse(body.next_at) - Date.now();
      expect(left).toBeGreaterThan(60_000);
      expect(left).toBeLessThan(4 * 60_000);
    }
    // One that is due shows that the worker whose clock is ahead has looked.
    await deployment.workers[1]!.stop();
    const json = { name: 'due', cron, kind: 'report', body: SUM };
    await ahead.send('POST', `${BASE}/schedules`, { json });
    await sql.query(`UPDATE schedules SET next_at = now() - interval '1 second' WHERE name = 'due'`);
    const fired = async () => {
      const { rows } = await sql.query<{ name: string }>(
        'SELECT name FROM schedule_firings JOIN schedules ON schedules.id = schedule_id',
      );
      return rows.map(({ name }) => name);
    };
    await expect.poll(fired, { timeout: 30_000 }).toEqual(['due']);
  });
});
