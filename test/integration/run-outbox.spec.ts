import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Run } from '../../src/runs/run.js';
import { aRun, outcomeOf, RunsApp } from '../support/runs-app.js';

let app: RunsApp;
beforeAll(async () => {
  app = await RunsApp.start(13);
});
afterAll(async () => {
  await app.stop();
});

interface Told {
  owner: string;
  stream: string;
  type: string;
  data: Record<string, unknown>;
  callback_url: string | null;
}

async function toldOf(run: Run): Promise<Told[]> {
  const { rows } = await app.sql.query<Told>(
    'SELECT owner, stream, type, data, callback_url FROM outbox_events WHERE stream = $1 ORDER BY sequence',
    [`run:${run.id}`],
  );
  return rows;
}

describe('the end of a run', () => {
  it('is told once, with where to find what it left', async () => {
    const run = await app.create({ callbackUrl: 'https://example.com/hook', requestId: 'r1' });
    expect(await toldOf(run)).toEqual([]);
    await app.execute(run, app.work());
    const self = `/api/v1/reports/${run.id}`;
    expect(await toldOf(run)).toEqual([
      {
        ...{
          owner: 'ann',
          stream: `run:${run.id}`,
          type: 'report.completed',
          callback_url: 'https://example.com/hook',
        },
        data: {
          ...{ id: run.id, kind: 'report', name: 'a-report', status: 'completed', attempt: 1, total_rows: 5 },
          ...{ error: null, request_id: 'r1' },
          links: { self, download: `${self}/download`, manifest: `${self}/manifest` },
        },
      },
    ]);
    await app.sql.query('UPDATE runs SET expires_at = now() WHERE id = $1', [run.id]);
    await app.changes.expire(run.id);
    expect(await toldOf(run)).toHaveLength(1);
  });

  it('is told of an error with its code, and of nothing that is tried again', async () => {
    const run = await app.create({ kind: 'export' });
    const claimed = await app.claim(run);
    await app.changes.requeue(claimed ?? run, { delaySeconds: 0, failures: 1, longRunSeconds: 60 });
    expect(await toldOf(run)).toEqual([]);
    const again = await app.claim(run);
    await app.changes.fail(again ?? run, { code: 'source-failed', detail: 'It said no.', attempt: 2 }, 60);
    expect(await toldOf(run)).toMatchObject([
      {
        ...{ type: 'export.error', callback_url: null },
        data: {
          ...{ status: 'error', attempt: 2, total_rows: null, error: { code: 'source-failed', detail: 'It said no.' } },
          links: { self: `/api/v1/exports/${run.id}` },
        },
      },
    ]);
  });

  it('is told of a cancel when it has stopped, also if it is purged', async () => {
    const waiting = await app.create();
    await app.runs.purge(waiting.owner, waiting.id);
    expect((await toldOf(waiting)).map(({ type }) => type)).toEqual(['report.cancelled']);
    await app.sql.query('DELETE FROM runs WHERE id = $1', [waiting.id]);
    expect(await toldOf(waiting)).toHaveLength(1);
    const running = await app.create();
    await app.claim(running);
    const cancelling = await app.runs.cancel(running.owner, running.id);
    expect(await toldOf(running)).toEqual([]);
    await app.changes.confirmCancel(cancelling, 60);
    expect((await toldOf(running)).map(({ type }) => type)).toEqual(['report.cancelled']);
  });
});

describe('an event', () => {
  it('is there if and only if the change is', async () => {
    const run = (await app.claim(await app.create())) ?? expect.fail();
    await app.sql.query(`ALTER TABLE outbox_events ADD CONSTRAINT none CHECK (false) NOT VALID`);
    const completed = app.changes.complete(run, outcomeOf(run).manifest, {
      artifact: null,
      resultTtlSeconds: 60,
      longRunSeconds: 60,
    });
    await expect(completed).rejects.toThrow();
    expect(await app.changes.stateOf(run.id)).toMatchObject({ status: 'running' });
    await app.sql.query(`ALTER TABLE outbox_events DROP CONSTRAINT none`);

    const fenced = { ...run, attempt: 7 };
    const none = await app.changes.complete(fenced, outcomeOf(run).manifest, {
      artifact: null,
      resultTtlSeconds: 60,
      longRunSeconds: 60,
    });
    expect([none, await toldOf(run)]).toEqual([null, []]);
  });

  it('is written once when the answer of the database is lost and the worker tries again', async () => {
    const run = (await app.claim(await app.create())) ?? expect.fail();
    const complete = async () =>
      await app.changes.complete(run, outcomeOf(run).manifest, {
        artifact: null,
        resultTtlSeconds: 60,
        longRunSeconds: 60,
      });
    // What a lost answer leaves: the change is made, and the caller does not know.
    await complete();
    expect(await complete()).toBeNull();
    expect(await toldOf(run)).toHaveLength(1);
  });
});

describe('a callback URL', () => {
  it('is shown, and decides nothing about the rows', async () => {
    const first = await app.create({ name: 'same', callbackUrl: 'https://example.com/a' });
    expect((await app.show(first)).callbackUrl).toBe('https://example.com/a');
    const request = aRun({ name: 'same', callbackUrl: 'https://example.com/b', maxAgeSeconds: 60 });
    expect(await app.creator.create(request)).toMatchObject({ run: { id: first.id }, reuse: { kind: 'inflight' } });
  });
});
