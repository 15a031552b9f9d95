import { Test, type TestingModule } from '@nestjs/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { Config } from '../../src/config/config.js';
import { ConfigurationModule } from '../../src/config/configuration.module.js';
import { PrismaModule } from '../../src/platform/prisma/prisma.module.js';
import { QueueModule } from '../../src/platform/queue/queue.module.js';
import { RunChangesRepository } from '../../src/runs/run-changes.repository.js';
import { RunExecutor } from '../../src/runs/run-executor.js';
import type { RunContext, RunOutcome } from '../../src/runs/run-context.js';
import type { NewRun, Run } from '../../src/runs/run.js';
import { RunSweeper } from '../../src/runs/run-sweeper.js';
import { RunWatcher } from '../../src/runs/run-watcher.js';
import { RunsModule, RunsWorkerModule } from '../../src/runs/runs.module.js';
import { RunsService } from '../../src/runs/runs.service.js';
import { ServiceUnavailable, ValidationFailed } from '../../src/common/errors.js';
import { Storage } from '../../src/storage/storage.js';
import { Readable } from 'node:stream';
import { testConfig } from '../support/config.js';
import { createDatabase, type TestDatabase } from '../support/database.js';

const HISTORY_SECONDS = 3600;
let database: TestDatabase;
let app: TestingModule;
let sql: pg.Client;
let runs: RunsService;
let changes: RunChangesRepository;
let executor: RunExecutor;
let storage: Storage;

beforeAll(async () => {
  database = await createDatabase();
  const config = testConfig({
    DATABASE_URL: database.url,
    REDIS_URL: `${inject('redisUrl')}/7`,
    RUN_SWEEP_SECONDS: '3600',
    RUN_LEASE_SECONDS: '3',
    RUN_RETRY_DELAY_SECONDS: '1',
    RUN_MAX_ATTEMPTS: '2',
    DRAIN_SECONDS: '0',
  });
  app = await Test.createTestingModule({
    imports: [ConfigurationModule, PrismaModule, QueueModule, RunsModule, RunsWorkerModule],
  })
    .overrideProvider(Config)
    .useValue(config)
    .compile();
  await app.init();
  sql = new pg.Client({ connectionString: database.url });
  await sql.connect();
  runs = app.get(RunsService);
  changes = app.get(RunChangesRepository);
  executor = app.get(RunExecutor);
  storage = app.get(Storage);
});
afterAll(async () => {
  await app.close();
  await sql.end();
  await database.drop();
});

const aRun = (overrides: Partial<NewRun> = {}): NewRun => ({
  owner: 'ann',
  kind: 'report',
  name: 'a-report',
  definitionVersion: 1,
  parameters: { limit: 3 },
  format: 'csv',
  timeZone: 'UTC',
  inputs: [],
  timeoutSeconds: null,
  maxAgeSeconds: 0,
  idempotency: null,
  requestId: null,
  traceparent: null,
  ...overrides,
});
const create = async (overrides: Partial<NewRun> = {}): Promise<Run> => (await runs.create(aRun(overrides))).run;
const show = async (run: Run): Promise<Run> => await runs.get(run.owner, run.id);
const claim = async (run: Run, worker = 'w1'): Promise<Run | null> =>
  await changes.claim(run.id, { workerId: worker, leaseSeconds: 60 });

const outcomeOf = (run: Run): RunOutcome => ({
  artifact: null,
  manifest: {
    rows: 5, bytes: 1, sha256: 'x', key: `runs/${run.id}/${String(run.attempt)}/result.parquet`, columns: [],
    definition: { name: run.name, version: 1 }, datasets: [], parameters: {}, asOf: '', engine: '', warnings: [],
  }, // prettier-ignore
});

/** Work that writes a file for its attempt, then does what it is told. */
const work =
  (then: (context: RunContext) => Promise<void> = async () => Promise.resolve()) =>
  async (context: RunContext): Promise<RunOutcome> => {
    await storage.put(`${context.keyPrefix}result.parquet`, Readable.from(['rows']), { contentType: 'text/plain' });
    await then(context);
    return outcomeOf(context.run);
  };
const untilAborted = async ({ signal }: RunContext): Promise<void> => {
  await new Promise((resolve) => {
    signal.addEventListener('abort', resolve, { once: true });
  });
  throw new Error('the engine says: interrupted');
};
const filesOf = async (run: Run): Promise<string[]> =>
  (await Array.fromAsync(storage.list(`runs/${run.id}/`))).map(({ key }) => key.slice(`runs/${run.id}/`.length));
const statusesOf = async (run: Run): Promise<string[]> => {
  const { rows } = await sql.query<{ status: string }>(
    `SELECT data->>'status' AS status FROM run_events WHERE run_id = $1 ORDER BY revision`,
    [run.id],
  );
  return rows.map(({ status }) => status);
};

describe('a claim', () => {
  it('is won by one of many workers', async () => {
    const run = await create();
    const claims = await Promise.all(Array.from({ length: 20 }, (_, i) => claim(run, `w${String(i)}`)));
    expect(claims.filter((won) => won !== null)).toHaveLength(1);
    expect(await show(run)).toMatchObject({ status: 'running', attempt: 1 });
  });

  it('starts the clock of the deadline once', async () => {
    const run = await create({ timeoutSeconds: 100 });
    const first = await claim(run);
    await changes.requeue(first ?? run, { delaySeconds: 0, failed: true });
    const second = await claim(run);
    expect(second).toMatchObject({
      attempt: 2,
      failures: 1,
      deadlineAt: first?.deadlineAt,
      startedAt: first?.startedAt,
    });
    expect((first?.deadlineAt?.getTime() ?? 0) - (first?.startedAt?.getTime() ?? 0)).toBe(100_000);
  });

  it('is not to be had before its time', async () => {
    const run = await create();
    const first = await claim(run);
    await changes.requeue(first ?? run, { delaySeconds: 60, failed: true });
    expect(await claim(run)).toBeNull();
  });
});

describe('a worker that was fenced off', () => {
  it('can change nothing any more', async () => {
    const run = await create();
    const lost = (await claim(run, 'lost')) ?? run;
    await changes.requeue(lost, { delaySeconds: 0, failed: true });
    const held = (await claim(run, 'new')) ?? run;
    const error = { code: 'query-failed', detail: '', attempt: 1 } as const;
    expect(await changes.renew(lost, 60, null)).toBeNull();
    expect(await changes.complete(lost, outcomeOf(lost).manifest, { artifact: null, resultTtlSeconds: 1 })).toBeNull();
    expect(await changes.fail(lost, error, 1)).toBeNull();
    expect(await changes.requeue(lost, { delaySeconds: 0, failed: true })).toBeNull();
    expect(await changes.confirmCancel(lost, 1)).toBeNull();
    expect(await show(run)).toMatchObject({ status: 'running', attempt: held.attempt });
  });
});

describe('the executor', () => {
  it('sees a run to its end, and says each step', async () => {
    const run = await create();
    await executor.execute(run.id, work());
    expect(await show(run)).toMatchObject({ status: 'completed', totalRows: 5, attempt: 1, progress: null });
    expect(await statusesOf(run)).toEqual(['queued', 'running', 'completed']);
    expect(await filesOf(run)).toEqual(['1/result.parquet']);
  });

  it('tries again what may succeed, and removes what the failed attempt wrote', async () => {
    const run = await create();
    const failing = work(async () => Promise.reject(new ServiceUnavailable('the storage is away')));
    await executor.execute(run.id, failing);
    expect(await show(run)).toMatchObject({ status: 'queued', failures: 1, error: null });
    expect(await filesOf(run)).toEqual([]);
    await sql.query('UPDATE runs SET available_at = now() WHERE id = $1', [run.id]);
    await executor.execute(run.id, failing);
    expect(await show(run)).toMatchObject({
      status: 'error',
      attempt: 2,
      error: { code: 'service-unavailable', detail: 'the storage is away', attempt: 2 },
    });
  });

  it('does not try again what cannot succeed', async () => {
    const run = await create();
    await executor.execute(
      run.id,
      work(async () => Promise.reject(ValidationFailed.at('/x', 'no'))),
    );
    expect(await show(run)).toMatchObject({ status: 'error', attempt: 1, error: { code: 'validation-failed' } });
  });

  it('stops the work of a cancelled run, then says so', async () => {
    const run = await create();
    const done = executor.execute(run.id, work(untilAborted));
    await vi.waitFor(async () => {
      expect(await filesOf(run)).toHaveLength(1);
    });
    expect((await runs.cancel('ann', run.id)).status).toBe('cancelling');
    await done;
    expect(await show(run)).toMatchObject({ status: 'cancelled', error: null });
    expect(await filesOf(run)).toEqual([]);
    expect(await statusesOf(run)).toEqual(['queued', 'running', 'cancelling', 'cancelled']);
  });

  it('does not complete a run that was cancelled at its last moment', async () => {
    const run = await create();
    await executor.execute(run.id, work(async () => {
      await sql.query(`UPDATE runs SET status = 'cancelling' WHERE id = $1`, [run.id]);
    })); // prettier-ignore
    expect((await show(run)).status).toBe('cancelled');
    expect(await filesOf(run)).toEqual([]);
  });

  it('ends a run at its deadline', async () => {
    const run = await create({ timeoutSeconds: 1 });
    await executor.execute(run.id, work(untilAborted));
    expect(await show(run)).toMatchObject({ status: 'error', error: { code: 'run-deadline-exceeded' } });
  });
});

describe('the sweep', () => {
  const sweep = async (): Promise<void> => {
    await app.get(RunSweeper).sweep(HISTORY_SECONDS);
  };
  const loseWorkerOf = async (run: Run): Promise<void> => {
    await claim(run);
    await storage.put(`runs/${run.id}/1/part`, Readable.from(['x']), { contentType: 'text/plain' });
    await sql.query(`UPDATE runs SET lease_until = now() - interval '1 second' WHERE id = $1`, [run.id]);
  };

  it('gives back the run of a lost worker, once, whoever sweeps', async () => {
    const run = await create();
    await loseWorkerOf(run);
    await Promise.all([sweep(), sweep(), sweep()]);
    expect(await show(run)).toMatchObject({ status: 'queued', failures: 1 });
    expect(await filesOf(run)).toEqual([]);
    expect(await statusesOf(run)).toEqual(['queued', 'running', 'queued']);
  });

  it('gives up a run whose workers are lost again and again', async () => {
    const run = await create();
    await sql.query('UPDATE runs SET failures = 1 WHERE id = $1', [run.id]);
    await loseWorkerOf(run);
    await sweep();
    expect(await show(run)).toMatchObject({ status: 'error', error: { code: 'run-worker-lost' } });
  });

  it('ends a cancel that its worker did not live to confirm', async () => {
    const run = await create();
    await loseWorkerOf(run);
    await runs.cancel('ann', run.id);
    await sweep();
    expect((await show(run)).status).toBe('cancelled');
    expect(await filesOf(run)).toEqual([]);
  });

  it('removes the files of a result whose time is over, and expires it', async () => {
    const run = await create();
    await executor.execute(run.id, work());
    await sweep();
    expect((await show(run)).status).toBe('completed');
    await sql.query(`UPDATE runs SET expires_at = now() WHERE id = $1`, [run.id]);
    await sweep();
    expect((await show(run)).status).toBe('expired');
    expect(await filesOf(run)).toEqual([]);
  });

  it('removes what was purged, also when it had to be stopped first', async () => {
    const ended = await create();
    await executor.execute(ended.id, work());
    const running = await create();
    const done = executor.execute(running.id, work(untilAborted));
    await vi.waitFor(async () => {
      expect((await show(running)).status).toBe('running');
    });
    for (const run of [ended, running]) await runs.purge('ann', run.id);
    await expect(runs.get('ann', ended.id)).rejects.toMatchObject({ code: 'run-not-found' });
    await done;
    await sweep();
    const { rowCount } = await sql.query('SELECT FROM runs WHERE id = ANY($1)', [[ended.id, running.id]]);
    expect(rowCount).toBe(0);
    expect([...(await filesOf(ended)), ...(await filesOf(running))]).toEqual([]);
  });
});

describe('creating', () => {
  it('answers one key with one run, whatever the storm', async () => {
    const idempotency = { key: 'k1', requestHash: 'h1' };
    const created = await Promise.all(Array.from({ length: 50 }, () => runs.create(aRun({ idempotency }))));
    expect(new Set(created.map(({ run }) => run.id)).size).toBe(1);
    expect(created.filter(({ replayed }) => !replayed)).toHaveLength(1);
    const other = aRun({ idempotency: { key: 'k1', requestHash: 'h2' } });
    await expect(runs.create(other)).rejects.toMatchObject({ code: 'idempotency-key-reused' });
    expect((await runs.create(aRun({ idempotency, owner: 'bob' }))).replayed).toBe(false);
  });

  it('answers equal requests with one run as far as max_age allows', async () => {
    const request = aRun({ name: 'reused', maxAgeSeconds: 60 });
    const created = await Promise.all(Array.from({ length: 20 }, () => runs.create(request)));
    expect(new Set(created.map(({ run }) => run.id)).size).toBe(1);
    expect(created.filter(({ reuse }) => reuse?.kind === 'inflight')).toHaveLength(19);
    const id = created[0]?.run.id ?? '';
    await executor.execute(id, work());
    expect(await runs.create(request)).toMatchObject({ run: { id }, reuse: { kind: 'cache' } });
    const others = [
      { parameters: { limit: 4 } },
      { timeZone: 'Asia/Tokyo' },
      { definitionVersion: 2 },
      { owner: 'bob' },
    ];
    for (const other of others) expect((await runs.create({ ...request, ...other })).reuse).toBeNull();
    await sql.query(`UPDATE runs SET finished_at = now() - interval '2 minutes' WHERE id = $1`, [id]);
    expect((await runs.create(request)).reuse).toBeNull();
  });
});

describe('following', () => {
  it('tells every status once and in order, from where the follower left off', async () => {
    const run = await create();
    const watcher = app.get(RunWatcher);
    const follow = async (after: number) => {
      const events = await Array.fromAsync(watcher.follow(run, after, new AbortController().signal));
      return events.filter(({ type }) => type === 'status');
    };
    const live = follow(0);
    await executor.execute(run.id, work());
    const told = await live;
    expect(told.map(({ data }) => data.status)).toEqual(['queued', 'running', 'completed']);
    expect(await follow(0)).toEqual(told);
    expect(await follow(told[1]?.id ?? 0)).toEqual(told.slice(2));
    expect(await follow(told[2]?.id ?? 0)).toEqual([]);
  });

  it('wakes a waiter by the announcement of the end', async () => {
    const run = await create();
    const waiting = runs.wait(run, 30);
    await executor.execute(run.id, work());
    expect((await waiting).status).toBe('completed');
  });
});
