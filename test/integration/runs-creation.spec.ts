import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunWatcher } from '../../src/runs/run-watcher.js';
import { aRun, RunsApp } from '../support/runs-app.js';

let app: RunsApp;
beforeAll(async () => {
  app = await RunsApp.start(6);
});
afterAll(async () => {
  await app.stop();
});

describe('creating', () => {
  it('answers one key with one run, whatever the storm', async () => {
    const idempotency = { key: 'k1', requestHash: 'h1' };
    const created = await Promise.all(Array.from({ length: 50 }, () => app.creator.create(aRun({ idempotency }))));
    expect(new Set(created.map(({ run }) => run.id)).size).toBe(1);
    expect(created.filter(({ replayed }) => !replayed)).toHaveLength(1);
    const other = aRun({ idempotency: { key: 'k1', requestHash: 'h2' } });
    await expect(app.creator.create(other)).rejects.toMatchObject({ code: 'idempotency-key-reused' });
    expect((await app.creator.create(aRun({ idempotency, owner: 'bob' }))).replayed).toBe(false);
  });

  it('frees the key of a run that is deleted', async () => {
    const request = aRun({ idempotency: { key: 'freed', requestHash: 'h' } });
    const { run } = await app.creator.create(request);
    await app.sql.query('UPDATE runs SET purge_requested_at = now() WHERE id = $1', [run.id]);
    const again = await app.creator.create(request);
    expect(again.replayed).toBe(false);
    expect(again.run.id).not.toBe(run.id);
    expect(await app.creator.create(request)).toMatchObject({ replayed: true, run: { id: again.run.id } });
  });

  it('answers equal requests with one run as far as max_age allows', async () => {
    const request = aRun({ name: 'reused', maxAgeSeconds: 60 });
    const created = await Promise.all(Array.from({ length: 20 }, () => app.creator.create(request)));
    expect(new Set(created.map(({ run }) => run.id)).size).toBe(1);
    expect(created.filter(({ reuse }) => reuse?.kind === 'inflight')).toHaveLength(19);
    const id = created[0]?.run.id ?? '';
    await app.execute(created[0]!.run, app.work());
    expect(await app.creator.create(request)).toMatchObject({ run: { id }, reuse: { kind: 'cache' } });
    const others = [
      { parameters: { limit: 4 } },
      { timeZone: 'Asia/Tokyo' },
      { definitionVersion: 2 },
      { owner: 'bob' },
    ];
    for (const other of others) expect((await app.creator.create({ ...request, ...other })).reuse).toBeNull();
    await app.sql.query(`UPDATE runs SET finished_at = now() - interval '2 minutes' WHERE id = $1`, [id]);
    expect((await app.creator.create(request)).reuse).toBeNull();
  });
});

describe('following', () => {
  it('tells every status once and in order, from where the follower left off', async () => {
    const run = await app.create();
    const watcher = app.app.get(RunWatcher);
    const follow = async (after: number) => {
      const events = await Array.fromAsync(watcher.follow(run, after, new AbortController().signal));
      return events.filter(({ type }) => type === 'status');
    };
    const live = follow(0);
    await app.execute(run, app.work());
    const told = await live;
    expect(told.map(({ data }) => data.status)).toEqual(['queued', 'running', 'completed']);
    expect(await follow(0)).toEqual(told);
    expect(await follow(told[1]?.id ?? 0)).toEqual(told.slice(2));
    expect(await follow(told[2]?.id ?? 0)).toEqual([]);
  });

  it('wakes a waiter by the announcement of the end', async () => {
    const run = await app.create();
    const waiting = app.runs.wait(run, 30);
    await app.execute(run, app.work());
    expect((await waiting).status).toBe('completed');
  });
});
