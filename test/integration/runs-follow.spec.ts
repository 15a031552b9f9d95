import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Broadcast } from '../../src/platform/queue/broadcast.js';
import { eventOf, runChannel, type RunEvent } from '../../src/runs/run-events.js';
import { FollowedRunsRepository } from '../../src/runs/followed-runs.repository.js';
import { RunWatcher } from '../../src/runs/run-watcher.js';
import type { Run } from '../../src/runs/run.js';
import { RunsApp } from '../support/runs-app.js';

const FOLLOWERS = 1000;
/** Bound of the requirement: a change reaches every follower. */
const REACH_MS = 1000;

let app: RunsApp;
let watcher: RunWatcher;
const open = new Set<AbortController>();

beforeAll(async () => {
  app = await RunsApp.start(5);
  watcher = app.app.get(RunWatcher);
});
afterAll(() => app.stop());
afterEach(() => {
  for (const controller of open) controller.abort();
  open.clear();
  vi.restoreAllMocks();
});

/** Follows a run in the background. */
function follow(run: Run, after = 0) {
  const controller = new AbortController();
  open.add(controller);
  const events: RunEvent[] = [];
  const ended = (async () => {
    for await (const event of watcher.follow(run, after, controller.signal)) events.push(event);
  })();
  return { events, ended, stop: () => controller.abort() };
}

/** Follows a run until the look that belongs to the beginning is over: what is told from then on is announced. */
async function followSettled(run: Run) {
  const looks = vi.spyOn(app.app.get(FollowedRunsRepository), 'revisionsOf');
  const following = follow(run);
  await vi.waitFor(() => expect(following.events).toHaveLength(1), { timeout: 20_000 });
  await vi.waitFor(() => expect(looks.mock.settledResults).toMatchObject([{ type: 'fulfilled' }]), { timeout: 20_000 });
  return following;
}

/** Writes progress as a worker does, and announces it as asked. */
async function progress(run: Run, rows: number, announce = true): Promise<void> {
  const detail = {
    phase: 'query',
    percent: null,
    rows,
    pages: null,
    bytes: null,
    rate: null,
    etaSeconds: null,
  } as const;
  const row = (await app.changes.renew(run, 60, detail))!;
  if (announce) await watcher.announce({ ...run, ...row, progress: detail }, 'progress');
}

const rowsOf = (event: RunEvent | undefined): number | null => {
  const { rows } = (event?.data.progress ?? {}) as { rows?: number };
  return rows ?? null;
};
const positionOf = (event: RunEvent | undefined): number | null => {
  const { queue_position: position } = (event?.data.progress ?? {}) as { queue_position?: number };
  return position ?? null;
};

describe('a thousand followers of idle runs', () => {
  it('cost a handful of statements, little memory, and are reached by a change at once', async () => {
    const runs: Run[] = [];
    for (let count = 0; count < 100; count += 1) runs.push(await app.create());
    const [busy] = runs;
    const before = memory();
    const followers = Array.from({ length: FOLLOWERS }, (_, index) => follow(runs[index % runs.length]!));
    await vi.waitFor(() => expect(followers.every(({ events }) => events.length > 0)).toBe(true), { timeout: 30_000 });
    const kilobytes = (memory() - before) / 1024 / FOLLOWERS;

    // Long enough for the safety net, which is what the wait is for.
    const statements = vi.spyOn(pg.Client.prototype, 'query');
    const looks = () =>
      statements.mock.calls.filter(([query]) => textOf(query).includes('SELECT id::text, revision FROM'));
    await vi.waitFor(() => expect(looks().length).toBeGreaterThan(0), { timeout: 30_000 });
    const count = statements.mock.calls.length;
    expect(count).toBeLessThan(8);
    expect(kilobytes).toBeLessThan(20);

    const changedAt = Date.now();
    await watcher.announce((await app.claim(busy!))!);
    const busyFollowers = followers.filter((_, index) => index % runs.length === 0);
    await vi.waitFor(
      () => {
        expect(busyFollowers.every(({ events }) => events.at(-1)?.data.status === 'running')).toBe(true);
      },
      { timeout: 20_000 },
    );
    expect(Date.now() - changedAt).toBeLessThan(REACH_MS);
  });

  it('are told together what was never announced', async () => {
    const run = await app.create();
    const followers = Array.from({ length: FOLLOWERS }, () => follow(run));
    await vi.waitFor(() => expect(followers.every(({ events }) => events.length > 0)).toBe(true), { timeout: 30_000 });
    const statements = vi.spyOn(pg.Client.prototype, 'query');
    await app.claim(run);
    await app.runs.cancel(run.owner, run.id).catch(() => undefined);
    await vi.waitFor(
      () => expect(followers.every(({ events }) => events.at(-1)?.data.status === 'cancelling')).toBe(true),
      { timeout: 30_000 },
    );
    expect(changes(followers[0]!.events).map(({ data }) => data.status)).toEqual(['queued', 'running', 'cancelling']);
    expect(statements.mock.calls.length).toBeLessThan(40);
  });
});

describe('a follower', () => {
  it('is told every change in order when an announcement is lost', async () => {
    const run = await app.create();
    const { events } = await followSettled(run);
    const claimed = (await app.claim(run))!; // Not announced.
    await progress(claimed, 7);
    await vi.waitFor(() => expect(rowsOf(events.at(-1))).toBe(7), { timeout: 20_000 });
    expect(changes(events).map(({ id, type, data }) => [id, type, data.status])).toEqual([
      [1, 'status', 'queued'],
      [2, 'status', 'running'],
      [3, 'progress', 'running'],
    ]);
  });

  it('is told what comes in the wrong order in the right one', async () => {
    const run = await app.create();
    const { events } = await followSettled(run);
    const claimed = (await app.claim(run))!;
    const detail = {
      phase: 'fetch',
      percent: null,
      rows: 1,
      pages: 1,
      bytes: 9,
      rate: null,
      etaSeconds: null,
    } as const;
    const row = (await app.changes.renew(claimed, 60, detail))!;
    const later = eventOf({ ...claimed, ...row, progress: detail }, 'progress');
    for (const event of [later, eventOf(claimed, 'status')]) {
      await app.app.get(Broadcast).publish(runChannel(run.id), JSON.stringify(event));
    }
    await vi.waitFor(() => expect(events).toHaveLength(3), { timeout: 20_000 });
    expect(events.map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(events[2]?.data.progress).toEqual({
      phase: 'fetch', percent: null, rows: 1, pages: 1, bytes: 9, rate: null, queue_position: null, eta_seconds: null,
    }); // prettier-ignore
  });

  it('that does not read is told the newest progress only, and every change', async () => {
    const run = await app.create();
    const events = watcher.follow(run, 0, AbortSignal.timeout(30_000));
    await events.next();
    const claimed = (await app.claim(run))!;
    await watcher.announce(claimed);
    for (let rows = 1; rows <= 50; rows += 1) await progress(claimed, rows);
    // Another follower shows that all has arrived.
    const other = follow(run);
    await vi.waitFor(() => expect(rowsOf(other.events.at(-1))).toBe(50), { timeout: 20_000 });
    expect((await events.next()).value).toMatchObject({ type: 'status', data: { status: 'running' } });
    expect(rowsOf((await events.next()).value)).toBe(50);
    await events.return(undefined);
  });

  it('ends when the run is purged, and when it has been told the end before', async () => {
    const run = await app.create();
    const following = follow(run);
    await vi.waitFor(() => expect(following.events).toHaveLength(1), { timeout: 20_000 });
    await app.sql.query('UPDATE runs SET purge_requested_at = now() WHERE id = $1', [run.id]);
    await following.ended;
    const ended = await app.create();
    await app.runs.cancel('ann', ended.id);
    const all = follow(ended);
    await all.ended;
    expect(all.events.at(-1)?.data.terminal).toBe(true);
    for (const after of [all.events.at(-1)!.id, 99]) {
      const again = follow(ended, after);
      await again.ended;
      expect(again.events).toEqual([]);
    }
  });

  it('is not led astray by an id that the run has not reached', async () => {
    const run = await app.create();
    const { events, ended } = follow(run, 4711);
    await app.execute(run, app.work());
    await ended;
    expect(events.at(-1)?.data.status).toBe('completed');
  });
});

describe('the place in the queue', () => {
  it('is told when it changes, without a new id', async () => {
    await app.sql.query(`UPDATE runs SET status = 'cancelled' WHERE status = 'queued'`);
    const [first, second, third, other] = [
      await app.create({ kind: 'export' }),
      await app.create({ kind: 'export' }),
      await app.create({ kind: 'export' }),
      await app.create(),
    ];
    const following = follow(third);
    const unconcerned = follow(other);
    await vi.waitFor(() => expect(positionOf(following.events.at(-1))).toBe(2), { timeout: 10_000 });
    expect(positionOf(unconcerned.events.at(-1))).toBe(0);
    expect(following.events.at(-1)).toMatchObject({ id: 1, type: 'progress', data: { status: 'queued', attempt: 0 } });
    await app.runs.cancel('ann', first.id);
    await vi.waitFor(() => expect(positionOf(following.events.at(-1))).toBe(1), { timeout: 10_000 });
    expect(following.events).toHaveLength(3);
    // Whoever goes on after the id that came with the place misses nothing.
    const resumed = follow(third, following.events.at(-1)!.id);
    await app.runs.cancel('ann', second.id);
    await app.execute(third, app.work());
    await resumed.ended;
    const changes = resumed.events.filter(({ type }) => type === 'status');
    expect(changes.map(({ data }) => data.status)).toEqual(['running', 'completed']);
    expect(positionOf(resumed.events.at(-1))).toBeNull();
  });
});

/** Of a query as `pg` is given it. */
function textOf(query: unknown): string {
  return typeof query === 'string' ? query : ((query as { text?: string } | null)?.text ?? '');
}

/** What is in use; garbage does not count. */
function memory(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
  return process.memoryUsage().heapUsed;
}

/** Without the news of a place in the line, which come when the clock says so. */
const changes = (events: readonly RunEvent[]): RunEvent[] =>
  events.filter(({ type, data }) => type !== 'progress' || data.status !== 'queued');
