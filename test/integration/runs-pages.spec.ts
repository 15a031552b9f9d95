import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ServiceUnavailable, ValidationFailed } from '../../src/common/errors.js';
import { pagesPrefix, type RunContext } from '../../src/runs/run-context.js';
import { RunStopped } from '../../src/runs/run-errors.js';
import { RunSweeper } from '../../src/runs/run-sweeper.js';
import type { Run } from '../../src/runs/run.js';
import { StorageUnavailable } from '../../src/storage/storage-errors.js';
import { RunsApp } from '../support/runs-app.js';

let app: RunsApp;

beforeAll(async () => {
  app = await RunsApp.start(6);
});
afterAll(() => app.stop());
afterEach(() => vi.restoreAllMocks());

const create = async (): Promise<Run> => await app.create({ kind: 'export' });
const storeFile = async (key: string): Promise<void> => {
  await app.storage.put(key, Readable.from(['rows']), { contentType: 'text/plain' });
};
const due = async (run: Run): Promise<void> => {
  await app.sql.query('UPDATE runs SET available_at = now() WHERE id = $1', [run.id]);
};
const sweep = async (): Promise<void> => {
  await app.app.get(RunSweeper).sweep(3600);
};

/** Adds the next page as a source does: its file, then its row. */
async function addPage({ id, attempt }: Pick<Run, 'id' | 'attempt'>): Promise<void> {
  const sequence = await pageCount(id);
  const key = `${pagesPrefix(id)}${String(sequence)}.parquet`;
  await storeFile(key);
  await app.sql.query(
    `INSERT INTO export_pages (run_id, sequence, attempt, key, rows, bytes, digest, facts)
     VALUES ($1, $2, $3, $4, 1, 1, '', '{}')`,
    [id, sequence, attempt, key],
  );
}

async function pageCount(runId: string): Promise<number> {
  const { rowCount } = await app.sql.query('SELECT FROM export_pages WHERE run_id = $1', [runId]);
  return rowCount ?? 0;
}

/** Work that adds a page, then does what it is told. */
const fetching = (then: (context: RunContext) => Promise<void> = async () => Promise.resolve()) =>
  app.work(async (context) => {
    await addPage(context.run);
    await then(context);
  });
const failing = async (): Promise<void> => Promise.reject(new ServiceUnavailable('the source is away'));
const untilAborted = async ({ signal }: RunContext): Promise<void> => {
  await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('interrupted'))));
};

async function expectNothingLeft(run: Run): Promise<void> {
  expect(await app.filesOf(run)).toEqual([]);
  expect(await pageCount(run.id)).toBe(0);
}

describe('pages', () => {
  it('are handed on from attempt to attempt, and removed when the run is complete', async () => {
    const run = await create();
    await app.execute(run, fetching(failing));
    expect(await app.filesOf(run)).toEqual(['pages/0.parquet']);
    await due(run);
    await app.execute(run, fetching());
    expect((await app.show(run)).status).toBe('completed');
    expect(await app.filesOf(run)).toEqual(['2/result.parquet']);
    expect(await pageCount(run.id)).toBe(0);
  });

  it('outlive a lost worker', async () => {
    const run = await create();
    await app.claim(run);
    await addPage({ ...run, attempt: 1 });
    await app.sql.query(`UPDATE runs SET lease_until = now() - interval '1 second' WHERE id = $1`, [run.id]);
    await sweep();
    expect(await app.show(run)).toMatchObject({ status: 'queued', failures: 0 });
    expect(await app.filesOf(run)).toEqual(['pages/0.parquet']);
  });

  it('are removed with a run that cannot succeed', async () => {
    const run = await create();
    await app.execute(
      run,
      fetching(async () => Promise.reject(ValidationFailed.at('/x', 'no'))),
    );
    expect((await app.show(run)).status).toBe('error');
    await expectNothingLeft(run);
  });

  it('that could not be removed with their run are removed by the sweep', async () => {
    const run = await create();
    vi.spyOn(app.storage, 'removeAll').mockRejectedValueOnce(new StorageUnavailable());
    await app.execute(run, fetching());
    expect((await app.show(run)).status).toBe('completed');
    expect(await app.filesOf(run)).toEqual(['1/result.parquet', 'pages/0.parquet']);
    await sweep();
    expect(await app.filesOf(run)).toEqual(['1/result.parquet']);
    expect(await pageCount(run.id)).toBe(0);
  });
});

describe('failures', () => {
  it('do not add up while pages are added, and do when none are', async () => {
    const run = await create();
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      await app.execute(run, fetching(failing));
      expect(await app.show(run)).toMatchObject({ status: 'queued', attempt, failures: 0 });
      await due(run);
    }
    await app.execute(run, app.work(failing));
    expect(await app.show(run)).toMatchObject({ status: 'queued', failures: 1 });
    await due(run);
    await app.execute(run, app.work(failing));
    expect(await app.show(run)).toMatchObject({ status: 'error', error: { code: 'service-unavailable' } });
    await expectNothingLeft(run);
  });
});

describe('a cancel', () => {
  it('leaves no page', async () => {
    const run = await create();
    const done = app.execute(run, fetching(untilAborted));
    await vi.waitFor(async () => expect(await pageCount(run.id)).toBe(1), { timeout: 20_000 });
    await app.runs.cancel('ann', run.id);
    await done;
    expect((await app.show(run)).status).toBe('cancelled');
    await expectNothingLeft(run);
  });

  it('of a run that waits for its next attempt leaves no page either', async () => {
    const run = await create();
    await app.execute(run, fetching(failing));
    expect((await app.runs.cancel('ann', run.id)).status).toBe('cancelled');
    await expectNothingLeft(run);
    const { rows } = await app.sql.query<{ status: string }>(
      `SELECT data ->> 'status' AS status FROM run_events WHERE run_id = $1 ORDER BY revision`,
      [run.id],
    );
    expect(rows.map(({ status }) => status)).toEqual(['queued', 'running', 'queued', 'cancelling', 'cancelled']);
  });

  it.each(['a worker', 'nobody'])('is not confirmed while the storage is away, when %s has the run', async (who) => {
    const run = await create();
    const away = () => vi.spyOn(app.storage, 'removeAll').mockRejectedValue(new StorageUnavailable());
    if (who === 'nobody') {
      await app.execute(run, fetching(failing));
      away();
      await app.runs.cancel('ann', run.id);
    } else {
      const done = app.execute(run, fetching(untilAborted));
      await vi.waitFor(async () => expect(await pageCount(run.id)).toBe(1), { timeout: 20_000 });
      away();
      await app.runs.cancel('ann', run.id);
      await expect(done).rejects.toBeInstanceOf(StorageUnavailable);
    }
    await app.sql.query(`UPDATE runs SET lease_until = now() - interval '1 second' WHERE id = $1`, [run.id]);
    await sweep();
    expect((await app.show(run)).status).toBe('cancelling');
    vi.restoreAllMocks();
    await sweep();
    expect((await app.show(run)).status).toBe('cancelled');
    await expectNothingLeft(run);
  });

  it.each([
    ['fail', async () => Promise.reject(ValidationFailed.at('/x', 'no'))],
    ['be tried again', failing],
    ['be handed back', async () => Promise.reject(new RunStopped('drained'))],
  ])('is not overwritten by work that is about to %s', async (_, ends) => {
    const run = await create();
    await app.execute(run, fetching(async () => {
      await app.sql.query(`UPDATE runs SET status = 'cancelling' WHERE id = $1`, [run.id]);
      await ends();
    })); // prettier-ignore
    expect(await app.show(run)).toMatchObject({ status: 'cancelled', error: null });
    await expectNothingLeft(run);
  });

  it('is followed by the removal of what a lost worker writes afterwards', async () => {
    const run = await create();
    await app.execute(run, app.work(async () => {
      await app.sql.query(
        `UPDATE runs SET status = 'cancelling', lease_until = now() - interval '1 second' WHERE id = $1`, [run.id]);
      await sweep();
      expect((await app.show(run)).status).toBe('cancelled');
      await storeFile(`${pagesPrefix(run.id)}7.parquet`);
    })); // prettier-ignore
    await expectNothingLeft(run);
  });
});

describe('a drain', () => {
  it('tells work that keeps pages at once, and gives other work its time', async () => {
    const worker = await RunsApp.start(7, { DRAIN_SECONDS: '30' });
    try {
      const paged = await worker.create({ kind: 'export' });
      const other = await worker.create();
      const started = Promise.withResolvers<undefined>();
      const finish = Promise.withResolvers<undefined>();
      const working = [
        worker.execute(paged, async ({ draining, signal }) => {
          await new Promise((resolve) => draining.addEventListener('abort', resolve));
          expect(signal.aborted).toBe(false);
          throw new RunStopped('drained');
        }),
        worker.execute(other, worker.work(async () => {
          started.resolve(undefined);
          await finish.promise;
        })), // prettier-ignore
      ];
      await started.promise;
      await vi.waitFor(async () => expect((await worker.show(paged)).status).toBe('running'), { timeout: 20_000 });
      const drained = worker.dispatcher.drain();
      await working[0];
      expect(await worker.show(paged)).toMatchObject({ status: 'queued', attempt: 1, failures: 0 });
      expect((await worker.show(other)).status).toBe('running');
      finish.resolve(undefined);
      await drained;
      expect((await worker.show(other)).status).toBe('completed');
    } finally {
      await worker.stop();
    }
  });

  it('hands back a run whose claim it meets', async () => {
    const worker = await RunsApp.start(8);
    try {
      const run = await worker.create();
      const work = vi.fn(worker.work());
      worker.dispatcher.open('report', work).start();
      await worker.dispatcher.drain();
      expect(await worker.show(run)).toMatchObject({ status: 'queued', attempt: 1, failures: 0 });
      expect(work).not.toHaveBeenCalled();
    } finally {
      await worker.stop();
    }
  });
});
