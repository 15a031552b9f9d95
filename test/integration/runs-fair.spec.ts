import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Run } from '../../src/runs/run.js';
import { CLAIM, RunsApp } from '../support/runs-app.js';

let app: RunsApp;
beforeAll(async () => {
  app = await RunsApp.start(9);
});
afterAll(() => app.stop());
beforeEach(async () => {
  await app.sql.query('TRUNCATE runs, owner_turns, run_paces, owner_limits CASCADE');
});

/** So many queued exports of an owner, a millisecond after each other, the last one just now. */
async function queue(owner: string, count: number, long = false): Promise<void> {
  await app.sql.query(
    `INSERT INTO runs (id, owner, kind, name, definition_version, parameters, time_zone, inputs, fingerprint, timeout_seconds,
       long_run, created_at, available_at, expires_at)
     SELECT gen_random_uuid(), $1, 'export', 'an-export', 1, '{}', 'UTC', '[]', '', 60, $3, at, at, at + interval '1 day'
     FROM generate_series(1, $2::int) AS n, LATERAL (SELECT now() - ($2::int - n) * interval '1 millisecond') AS times (at)`,
    [owner, count, long],
  );
}

const next = async (options: Partial<typeof CLAIM> = {}): Promise<Run | null> =>
  (await app.claims.next('export', { ...CLAIM, ...options }))?.run ?? null;
const end = async (run: Run): Promise<void> => {
  await app.sql.query(`UPDATE runs SET status = 'completed' WHERE id = $1`, [run.id]);
};
const counts = async (): Promise<Record<string, number>> => {
  const { rows } = await app.sql.query<{ key: string; count: number }>(
    `SELECT owner || ' ' || status AS key, count(*)::int FROM runs GROUP BY 1`,
  );
  return Object.fromEntries(rows.map(({ key, count }) => [key, count]));
};

describe('among owners', () => {
  it('ten thousand runs of one do not delay the first of another', async () => {
    await queue('ann', 10_000);
    for (let n = 0; n < 3; n += 1) expect((await next())?.owner).toBe('ann');
    const { id } = await app.create({ owner: 'bob', kind: 'export' });
    expect((await next())?.id).toBe(id);
    const report = await app.create({ owner: 'cid' });
    expect((await app.claims.next('report', CLAIM))?.run.id).toBe(report.id);
  });

  it('turns alternate, and the oldest run of an owner is the first', async () => {
    for (const owner of ['ann', 'bob', 'cid']) await queue(owner, 4);
    const owners: string[] = [];
    const lines = new Map<string, Date[]>();
    for (let n = 0; n < 12; n += 1) {
      const run = (await next()) ?? expect.fail();
      owners.push(run.owner);
      lines.set(run.owner, [...(lines.get(run.owner) ?? []), run.createdAt]);
      // With nothing in work only the turns tell whose turn it is.
      await end(run);
    }
    expect(await next()).toBeNull();
    expect(owners).toEqual([
      ...owners.slice(0, 3),
      ...owners.slice(0, 3),
      ...owners.slice(0, 3),
      ...owners.slice(0, 3),
    ]);
    expect(new Set(owners.slice(0, 3)).size).toBe(3);
    for (const line of lines.values()) expect(line).toEqual(line.toSorted((a, b) => a.getTime() - b.getTime()));
  });

  it('who has less in work goes first, whatever its kind', async () => {
    await queue('ann', 2);
    await queue('bob', 2);
    await app.create({ owner: 'ann' });
    expect((await app.claims.next('report', CLAIM))?.run.owner).toBe('ann');
    expect((await next())?.owner).toBe('bob');
  });

  it('costs the same whatever waits, also where it must be passed by', async () => {
    await queue('ann', 10);
    await queue('bob', 10);
    const few = await blocksOfClaim();
    await queue('ann', 100_000);
    expect(await blocksOfClaim()).toBeLessThan(3 * few);
    await queue('cid', 100_000, true);
    expect(await blocksOfClaim({ shortOnly: true })).toBeLessThan(3 * few);
  }, 60_000);
});

describe('many workers at once', () => {
  it('take every run, and none twice', async () => {
    await queue('ann', 100);
    await queue('bob', 50);
    const taken: string[] = [];
    await Promise.all(
      Array.from({ length: 16 }, async () => {
        for (let run = await next(); run; run = await next()) taken.push(run.id);
      }),
    );
    expect(taken).toHaveLength(150);
    expect(new Set(taken).size).toBe(150);
    expect(await counts()).toEqual({ 'ann running': 100, 'bob running': 50 });
  });

  it('keep to the limit of each owner', async () => {
    await queue('ann', 40);
    await queue('bob', 40);
    await app.sql.query(`INSERT INTO owner_limits VALUES ('bob', '{"running": 5}', now())`);
    const claims = Array.from({ length: 8 }, async () => {
      let count = 0;
      while (await next({ runningLimit: 3 })) count += 1;
      return count;
    });
    expect((await Promise.all(claims)).reduce((sum, count) => sum + count)).toBe(8);
    expect(await counts()).toMatchObject({ 'ann running': 3, 'bob running': 5 });
  });
});

describe('the place in the queue', () => {
  it('is the one in the line of the owner', async () => {
    await queue('ann', 7);
    const run = await app.create({ owner: 'bob', kind: 'export' });
    expect(await app.runs.queuePosition(run)).toBe(0);
    const last = await app.create({ owner: 'ann', kind: 'export' });
    expect(await app.runs.queuePosition(last)).toBe(7);
    const { id } = (await next()) ?? expect.fail();
    await app.changes.requeue({ id, attempt: 1 }, { delaySeconds: 0, failures: 0, longRunSeconds: 60 });
    expect(await app.runs.queuePosition(last)).toBe(7);
    expect(await app.runs.queuePosition(await app.runs.get('ann', id))).toBe(0);
  });
});

describe('what is expected to be long', () => {
  const LONG = { ...CLAIM, shortOnly: true };
  const complete = async (run: Run, seconds: number): Promise<void> => {
    const claimed = (await app.claim(run)) ?? expect.fail();
    await app.sql.query(`UPDATE runs SET claimed_at = now() - $2 * interval '1 second' WHERE id = $1`, [
      run.id,
      seconds,
    ]);
    await app.executor.execute(claimed, app.work());
  };
  const isLong = async (run: Run): Promise<boolean | undefined> =>
    (await app.sql.query<{ long_run: boolean }>('SELECT long_run FROM runs WHERE id = $1', [run.id])).rows[0]?.long_run;

  it('follows the last runs of the same name, for those that wait and those that come', async () => {
    const waiting = await app.create({ name: 'slow' });
    const other = await app.create({ name: 'quick' });
    for (const seconds of [90, 10, 90]) await complete(await app.create({ name: 'slow' }), seconds);
    expect(await Promise.all([waiting, other].map(isLong))).toEqual([true, false]);
    expect(await isLong(await app.create({ name: 'slow' }))).toBe(true);
    expect(await isLong(await app.create({ name: 'slow', owner: 'bob' }))).toBe(false);
    // Two of the last five are long now.
    for (let n = 0; n < 3; n += 1) await complete(await app.create({ name: 'slow' }), 1);
    expect(await isLong(waiting)).toBe(false);
  });

  it('is what an attempt has shown, whatever others do', async () => {
    const run = await app.create();
    await app.claim(run);
    await app.sql.query(`UPDATE runs SET claimed_at = now() - interval '90 seconds' WHERE id = $1`, [run.id]);
    await app.changes.requeue({ id: run.id, attempt: 1 }, { delaySeconds: 0, failures: 0, longRunSeconds: 60 });
    expect(await isLong(run)).toBe(true);
    await complete(await app.create(), 1);
    expect(await isLong(run)).toBe(true);
  });

  it('is passed by where only short ones are taken', async () => {
    await queue('ann', 3);
    await app.sql.query('UPDATE runs SET long_run = true');
    expect(await app.claims.next('export', LONG)).toBeNull();
    const { id } = await app.create({ kind: 'export', name: 'short' });
    expect((await app.claims.next('export', LONG))?.run.id).toBe(id);
    expect(await app.claims.next('export', CLAIM)).toMatchObject({ long: true });
  });
});

describe('a worker', () => {
  it('begins what was passed by for its limit as soon as something ends, without a sweep or a job', async () => {
    const worker = await RunsApp.start(10, { LIMIT_RUNNING: '1', WORKER_CONCURRENCY: '2' });
    try {
      const atOnce: number[] = [];
      let working = 0;
      const slots = worker.dispatcher.open('report', worker.work(async () => {
        working += 1;
        atOnce.push(working);
        await Promise.resolve();
        working -= 1;
      })); // prettier-ignore
      const runs = await Promise.all(Array.from({ length: 5 }, async () => worker.create()));
      slots.start();
      await vi.waitFor(
        async () => {
          const shown = await Promise.all(runs.map((run) => worker.show(run)));
          expect(shown.map(({ status }) => status)).toEqual(runs.map(() => 'completed'));
        },
        { timeout: 20_000 },
      );
      expect(atOnce).toEqual([1, 1, 1, 1, 1]);
    } finally {
      await worker.dispatcher.drain();
      await worker.stop();
    }
  });

  it('lets short runs through while long ones wait', async () => {
    const worker = await RunsApp.start(10, { WORKER_CONCURRENCY: '2' });
    const finish = Promise.withResolvers<undefined>();
    try {
      await worker.sql.query(`INSERT INTO run_paces VALUES ('ann', 'report', 'slow', '{7200}', true, now())`);
      const slow = [await worker.create({ name: 'slow' }), await worker.create({ name: 'slow' })];
      const quick = [await worker.create({ name: 'quick' }), await worker.create({ name: 'quick' })];
      const slots = worker.dispatcher.open(
        'report',
        worker.work(async ({ run }) => {
          if (run.name === 'slow') await finish.promise;
        }),
      );
      slots.start();
      const statuses = async (of: Run[]) =>
        (await Promise.all(of.map((run) => worker.show(run)))).map(({ status }) => status);
      await vi.waitFor(async () => expect(await statuses(quick)).toEqual(['completed', 'completed']), {
        timeout: 10_000,
      });
      expect(await statuses(slow)).toEqual(['running', 'queued']);
      finish.resolve(undefined);
      await vi.waitFor(async () => expect(await statuses(slow)).toEqual(['completed', 'completed']), {
        timeout: 10_000,
      });
    } finally {
      finish.resolve(undefined);
      await worker.dispatcher.drain();
      await worker.stop();
    }
  });
});

/** Blocks that the database touches for a claim, whether they are in memory or not. The claim is not kept. */
async function blocksOfClaim(options: Partial<typeof CLAIM> = {}): Promise<number> {
  const statements = vi.spyOn(pg.Client.prototype, 'query');
  await next(options);
  const claim = statements.mock.calls
    .map(([query]) => query as unknown as pg.QueryConfig)
    .find(({ text }) => text.includes('owner_turns'));
  statements.mockRestore();
  const { text = '', values = [] } = claim ?? {};
  await app.sql.query('BEGIN');
  const { rows } = await app.sql.query<{ 'QUERY PLAN': { Plan: Record<string, number> }[] }>(
    `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`,
    values,
  );
  await app.sql.query('ROLLBACK');
  const plan = rows[0]!['QUERY PLAN'][0]!.Plan;
  return plan['Shared Hit Blocks']! + plan['Shared Read Blocks']!;
}
