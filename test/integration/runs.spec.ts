import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ServiceUnavailable, ValidationFailed } from '../../src/common/errors.js';
import type { RunContext } from '../../src/runs/run-context.js';
import type { Run } from '../../src/runs/run.js';
import { RunSweeper } from '../../src/runs/run-sweeper.js';
import { outcomeOf, RunsApp } from '../support/runs-app.js';

const HISTORY_SECONDS = 3600;
let app: RunsApp;
beforeAll(async () => {
  app = await RunsApp.start(7);
});
afterAll(async () => {
  await app.stop();
});

const untilAborted = async ({ signal }: RunContext): Promise<void> => {
  // It may have come before anybody listens.
  signal.throwIfAborted();
  await new Promise((resolve) => {
    signal.addEventListener('abort', resolve, { once: true });
  });
  throw new Error('the engine says: interrupted');
};
const statusesOf = async (run: Run): Promise<string[]> => {
  const { rows } = await app.sql.query<{ status: string }>(
    `SELECT data->>'status' AS status FROM run_events WHERE run_id = $1 ORDER BY revision`,
    [run.id],
  );
  return rows.map(({ status }) => status);
};

describe('a claim', () => {
  it('is won by one of many workers', async () => {
    const run = await app.create();
    const claims = await Promise.all(Array.from({ length: 20 }, (_, i) => app.claim(run, `w${String(i)}`)));
    expect(claims.filter((won) => won !== null)).toHaveLength(1);
    expect(await app.show(run)).toMatchObject({ status: 'running', attempt: 1 });
  });

  it('starts the clock of the deadline once', async () => {
    const run = await app.create({ timeoutSeconds: 100 });
    const first = await app.claim(run);
    await app.changes.requeue(first ?? run, { delaySeconds: 0, failures: 1, longRunSeconds: 60 });
    const second = await app.claim(run);
    expect(second).toMatchObject({
      attempt: 2,
      failures: 1,
      deadlineAt: first?.deadlineAt,
      startedAt: first?.startedAt,
    });
    expect((first?.deadlineAt?.getTime() ?? 0) - (first?.startedAt?.getTime() ?? 0)).toBe(100_000);
  });

  it('is not to be had before its time', async () => {
    const run = await app.create();
    const first = await app.claim(run);
    await app.changes.requeue(first ?? run, { delaySeconds: 60, failures: 1, longRunSeconds: 60 });
    expect(await app.claim(run)).toBeNull();
  });
});

describe('a worker that was fenced off', () => {
  it('can change nothing any more', async () => {
    const run = await app.create();
    const lost = (await app.claim(run, 'lost')) ?? run;
    await app.changes.requeue(lost, { delaySeconds: 0, failures: 1, longRunSeconds: 60 });
    const held = (await app.claim(run, 'new')) ?? run;
    const error = { code: 'query-failed', detail: '', attempt: 1 } as const;
    expect(await app.changes.renew(lost, 60, null)).toBeNull();
    expect(
      await app.changes.complete(lost, outcomeOf(lost).manifest, {
        artifact: null,
        resultTtlSeconds: 1,
        longRunSeconds: 60,
      }),
    ).toBeNull();
    expect(await app.changes.fail(lost, error, 1)).toBeNull();
    expect(await app.changes.requeue(lost, { delaySeconds: 0, failures: 1, longRunSeconds: 60 })).toBeNull();
    expect(await app.changes.confirmCancel(lost, 1)).toBeNull();
    expect(await app.show(run)).toMatchObject({ status: 'running', attempt: held.attempt });
  });
});

describe('the executor', () => {
  it('sees a run to its end, and says each step', async () => {
    const run = await app.create();
    await app.execute(run, app.work());
    expect(await app.show(run)).toMatchObject({ status: 'completed', totalRows: 5, attempt: 1, progress: null });
    expect(await statusesOf(run)).toEqual(['queued', 'running', 'completed']);
    expect(await app.filesOf(run)).toEqual(['1/result.parquet']);
  });

  it('tries again what may succeed, and removes what the failed attempt wrote', async () => {
    const run = await app.create();
    const failing = app.work(async () => Promise.reject(new ServiceUnavailable('the storage is away')));
    await app.execute(run, failing);
    expect(await app.show(run)).toMatchObject({ status: 'queued', failures: 1, error: null });
    expect(await app.filesOf(run)).toEqual([]);
    await app.sql.query('UPDATE runs SET available_at = now() WHERE id = $1', [run.id]);
    await app.execute(run, failing);
    expect(await app.show(run)).toMatchObject({
      status: 'error',
      attempt: 2,
      error: { code: 'service-unavailable', detail: 'the storage is away', attempt: 2 },
    });
  });

  it('does not try again what cannot succeed', async () => {
    const run = await app.create();
    await app.execute(
      run,
      app.work(async () => Promise.reject(ValidationFailed.at('/x', 'no'))),
    );
    expect(await app.show(run)).toMatchObject({ status: 'error', attempt: 1, error: { code: 'validation-failed' } });
  });

  it('stops the work of a cancelled run, then says so', async () => {
    const run = await app.create();
    const done = app.execute(run, app.work(untilAborted));
    await vi.waitFor(
      async () => {
        expect(await app.filesOf(run)).toHaveLength(1);
      },
      { timeout: 20_000 },
    );
    expect((await app.runs.cancel('ann', run.id)).status).toBe('cancelling');
    await done;
    expect(await app.show(run)).toMatchObject({ status: 'cancelled', error: null });
    expect(await app.filesOf(run)).toEqual([]);
    expect(await statusesOf(run)).toEqual(['queued', 'running', 'cancelling', 'cancelled']);
  });

  it('does not complete a run that was cancelled at its last moment', async () => {
    const run = await app.create();
    await app.execute(run, app.work(async () => {
      await app.sql.query(`UPDATE runs SET status = 'cancelling' WHERE id = $1`, [run.id]);
    })); // prettier-ignore
    expect((await app.show(run)).status).toBe('cancelled');
    expect(await app.filesOf(run)).toEqual([]);
  });

  it('keeps the files of a run that was completed although the answer was lost', async () => {
    const run = await app.create();
    const complete = app.changes.complete.bind(app.changes);
    const lossy = vi.spyOn(app.changes, 'complete').mockImplementationOnce(async (...args) => {
      await complete(...args);
      throw new Error('the connection was lost');
    });
    await app.execute(run, app.work());
    lossy.mockRestore();
    expect(await app.show(run)).toMatchObject({ status: 'completed', attempt: 1, failures: 0 });
    expect(await app.filesOf(run)).toEqual(['1/result.parquet']);
  });

  it('ends a run at its deadline', async () => {
    const run = await app.create({ timeoutSeconds: 1 });
    await app.execute(run, app.work(untilAborted));
    expect(await app.show(run)).toMatchObject({ status: 'error', error: { code: 'run-deadline-exceeded' } });
  });
});

describe('the sweep', () => {
  const sweep = async (): Promise<void> => {
    await app.app.get(RunSweeper).sweep(HISTORY_SECONDS);
  };
  const loseWorkerOf = async (run: Run): Promise<void> => {
    await app.claim(run);
    await app.storage.put(`runs/${run.id}/1/part`, Readable.from(['x']), { contentType: 'text/plain' });
    await app.sql.query(`UPDATE runs SET lease_until = now() - interval '1 second' WHERE id = $1`, [run.id]);
  };

  it('gives back the run of a lost worker, once, whoever sweeps', async () => {
    const run = await app.create();
    await loseWorkerOf(run);
    await Promise.all([sweep(), sweep(), sweep()]);
    expect(await app.show(run)).toMatchObject({ status: 'queued', failures: 1 });
    expect(await app.filesOf(run)).toEqual([]);
    expect(await statusesOf(run)).toEqual(['queued', 'running', 'queued']);
  });

  it('gives up a run whose workers are lost again and again', async () => {
    const run = await app.create();
    await app.sql.query('UPDATE runs SET failures = 1 WHERE id = $1', [run.id]);
    await loseWorkerOf(run);
    await sweep();
    expect(await app.show(run)).toMatchObject({ status: 'error', error: { code: 'run-worker-lost' } });
  });

  it('ends a cancel that its worker did not live to confirm', async () => {
    const run = await app.create();
    await loseWorkerOf(run);
    await app.runs.cancel('ann', run.id);
    await sweep();
    expect((await app.show(run)).status).toBe('cancelled');
    expect(await app.filesOf(run)).toEqual([]);
  });

  it('removes the files of a result whose time is over, and expires it', async () => {
    const run = await app.create();
    await app.execute(run, app.work());
    await sweep();
    expect((await app.show(run)).status).toBe('completed');
    await app.sql.query(`UPDATE runs SET expires_at = now() WHERE id = $1`, [run.id]);
    await sweep();
    expect((await app.show(run)).status).toBe('expired');
    expect(await app.filesOf(run)).toEqual([]);
  });

  it('removes what was purged, also when it had to be stopped first', async () => {
    const ended = await app.create();
    await app.execute(ended, app.work());
    const running = await app.create();
    const done = app.execute(running, app.work(untilAborted));
    await vi.waitFor(
      async () => {
        expect((await app.show(running)).status).toBe('running');
      },
      { timeout: 20_000 },
    );
    for (const run of [ended, running]) await app.runs.purge('ann', run.id);
    await expect(app.runs.get('ann', ended.id)).rejects.toMatchObject({ code: 'run-not-found' });
    await done;
    await sweep();
    const { rowCount } = await app.sql.query('SELECT FROM runs WHERE id = ANY($1)', [[ended.id, running.id]]);
    expect(rowCount).toBe(0);
    expect([...(await app.filesOf(ended)), ...(await app.filesOf(running))]).toEqual([]);
  });
});
