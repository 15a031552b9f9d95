import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BASE } from '../support/client.js';
import { Deployment } from '../support/deployment.js';
import { defineSlowReport, MINUTES, SECONDS, startedBy } from '../support/slow-report.js';

const EXIT_0 = 'ended with exit code 0';
/** Bound of the requirement: from the signal to the end of the worker. */
const DRAIN_MS = 10_000;
/** Shorter than the seconds that the waiting request asks for. */
const API_STOP_MS = 5000;

/** Enough for some seconds of work on a machine that is busy with other things. */
const LONG_GRACE_SECONDS = 60;

let deployment: Deployment;

beforeAll(async () => {
  // No sweep: what is handed back must be there for the next worker at once.
  const environment = { DRAIN_SECONDS: '0', RUN_MAX_ATTEMPTS: '1', RUN_SWEEP_SECONDS: '600' };
  deployment = await Deployment.start({ workers: 0, environment });
  await defineSlowReport(deployment.client);
});
afterAll(() => deployment.stop());

describe('a worker that is told to stop', () => {
  it('hands its run back in time, and another one completes it', async () => {
    const { client } = deployment;
    const first = await deployment.startWorker();
    const id = await startedBy(first, client, SECONDS);
    const toldAt = Date.now();
    first.signal('SIGTERM');
    expect(await first.child.exited).toBe(EXIT_0);
    expect(Date.now() - toldAt).toBeLessThan(DRAIN_MS);
    expect(await client.report(id)).toMatchObject({ status: 'queued', attempt: 1, error: null });
    expect(await deployment.files.keys(`runs/${id}/`)).toEqual([]);

    const second = await deployment.startWorker();
    // One attempt is all that is allowed: the one that was handed back does not count as failed.
    expect(await client.ended(id)).toMatchObject({ status: 'completed', attempt: 2 });
    await second.stop();
  });

  it('hands back in time what does not end within the grace that is the default', async () => {
    const worker = await deployment.startWorker({ DRAIN_SECONDS: '' });
    const id = await startedBy(worker, deployment.client, MINUTES);
    const toldAt = Date.now();
    worker.signal('SIGTERM');
    expect(await worker.child.exited).toBe(EXIT_0);
    expect(Date.now() - toldAt).toBeLessThan(DRAIN_MS);
    expect(await deployment.client.report(id)).toMatchObject({ status: 'queued', attempt: 1, error: null });
    expect(await deployment.files.keys(`runs/${id}/`)).toEqual([]);
    await deployment.client.send('POST', `${BASE}/reports/${id}/cancel`);
  });

  it(
    'lets a run end that needs no longer than the grace',
    async () => {
      const worker = await deployment.startWorker({ DRAIN_SECONDS: String(LONG_GRACE_SECONDS) });
      const id = await startedBy(worker, deployment.client, SECONDS);
      worker.signal('SIGTERM');
      expect(await worker.child.exited).toBe(EXIT_0);
      expect(await deployment.client.report(id)).toMatchObject({ status: 'completed', attempt: 1 });
    },
    2 * LONG_GRACE_SECONDS * 1000,
  );
});

describe('an API that is told to stop', () => {
  it('lets streams and waiting requests go', async () => {
    const { client, api } = deployment;
    const { body } = await client.create(MINUTES);
    const events = client.events(body.report_id);
    expect((await events.next()).value).toMatchObject({ data: { status: 'queued' } });
    const waiting = client.create({ ...MINUTES, max_age: 60 }, { query: '?wait=30' });
    // The answer to a later request shows that the one before has come in.
    await client.report(body.report_id);

    const toldAt = Date.now();
    api.signal('SIGTERM');
    expect(await api.child.exited).toBe(EXIT_0);
    expect(Date.now() - toldAt).toBeLessThan(API_STOP_MS);
    expect(await waiting).toMatchObject({ status: 202, body: { report_id: body.report_id, status: 'queued' } });
    expect((await events.next()).done).toBe(true);
  });
});
