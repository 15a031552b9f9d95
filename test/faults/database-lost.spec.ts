import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ensureDatabase, startPostgres, type RunningPostgres } from '../../src/local/postgres.js';
import { applyMigrations } from '../../src/platform/prisma/migrator.js';
import { CutProxy } from '../support/cut-proxy.js';
import { Deployment } from '../support/deployment.js';
import { endedRuns, expectAllWhole } from '../support/ended-runs.js';
import { ExportsClient } from '../support/exports-client.js';
import { tell } from '../support/figures.js';
import { Load } from '../support/load.js';
import { PagedApi } from '../support/paged-api.js';
import { removeFolder } from '../support/processes.js';
import { defineSlowReport, SLOW } from '../support/slow-report.js';

/** Bound of a request while the database is away or comes back. */
const ANSWER_MS = 5000;
const EXPORTS = 3;
/** As many as the rows of the report, so that every run must have as many. */
const ROWS = 300;
const REPORT = { report_name: SLOW, units: 100, format: 'csv' };

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

let folder: string;
let postgres: RunningPostgres;
let proxy: CutProxy;
let deployment: Deployment;
let upstream: PagedApi;

async function openPostgres(preferredPort?: number): Promise<RunningPostgres> {
  const files = { dataDir: join(folder, 'postgres'), logFile: join(folder, 'postgres.log') };
  return await startPostgres({
    ...files,
    password: 'only-for-tests',
    throwaway: true,
    ...(preferredPort && { preferredPort }),
  });
}

/** A deployment whose way to its own PostgreSQL goes through the proxy. */
async function begin(): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'longhaul-database-'));
  postgres = await openPostgres();
  const url = await ensureDatabase(postgres.url, 'longhaul');
  await applyMigrations(url);
  proxy = await CutProxy.start(url);
  const environment = {
    DATABASE_URL: proxy.through(url),
    OUTBOUND_ALLOW: '127.0.0.1',
    RUN_LEASE_SECONDS: '2',
    RUN_SWEEP_SECONDS: '1',
    RUN_RETRY_DELAY_SECONDS: '1',
  };
  deployment = await Deployment.start({ workers: 2, database: { url, drop: () => Promise.resolve() }, environment });
  await defineSlowReport(deployment.client);
  upstream = await PagedApi.start({ pages: ROWS / 10, perPage: 10, delayMs: 200 });
}

afterEach(async () => {
  await upstream.stop();
  await deployment.stop();
  await proxy.stop();
  await postgres.child.stop();
  await removeFolder(folder);
});

/** Away until requests have felt it. */
async function restart(load: Load): Promise<void> {
  const port = Number(new URL(postgres.url).port);
  await postgres.child.stop();
  const before = load.count(503);
  await expect.poll(() => load.count(503), { timeout: 30_000 }).toBeGreaterThan(before + 10);
  postgres = await openPostgres(port);
}

async function cut(load: Load): Promise<void> {
  for (let times = 0; times < 5; times += 1) {
    const before = load.count(202);
    await expect.poll(() => load.count(202), { timeout: 30_000, interval: 10 }).toBeGreaterThan(before + 5);
    proxy.cut();
    const felt = load.count(503);
    await expect.poll(() => load.count(503), { timeout: 30_000, interval: 10 }).toBeGreaterThan(felt);
    proxy.mend();
  }
}

describe('a database', () => {
  it.each([
    ['is restarted', restart],
    ['loses its connections five times', cut],
  ])('that %s while runs are at work harms none of them', async (what, happen) => {
    await begin();
    const exports = new ExportsClient(deployment.client);
    const load = Load.start(() => deployment.client, REPORT);
    const asked = await Promise.all(
      Array.from({ length: EXPORTS }, () => exports.create({ source: upstream.source, format: 'csv' })),
    );
    expect(asked.map(({ status }) => status)).toEqual(asked.map(() => 202));
    await expect.poll(() => upstream.requests.length, { timeout: 30_000 }).toBeGreaterThan(10);
    const pids = [deployment.api, ...deployment.workers].map(({ child }) => child.pid);

    await happen(load);
    const before = load.count(202);
    await expect.poll(() => load.count(202), { timeout: 30_000 }).toBeGreaterThan(before + 5);
    await load.stop();

    const runs = await endedRuns(deployment, 120_000);
    const attempts = runs.map(({ attempt }) => attempt);
    const figures = { answers: load.statuses, slowestMs: Math.round(load.slowestMs), runs: runs.length };
    tell(what, { ...figures, again: attempts.filter((attempt) => attempt > 1).length });
    expect(Object.keys(load.statuses)).toEqual(['200', '202', '503']);
    const refused = load.outcomes.filter(({ status }) => status === 503);
    expect(refused.filter(({ retryAfter }) => !(Number(retryAfter) > 0))).toEqual([]);
    expect(load.slowestMs).toBeLessThan(ANSWER_MS);
    expect(runs.filter(({ status }) => status !== 'completed')).toEqual([]);
    expect(runs).toHaveLength(load.ids.size + EXPORTS);
    await expectAllWhole(deployment, runs, ROWS);
    for (const pid of pids) expect(process.kill(pid, 0)).toBe(true);
  });
});
