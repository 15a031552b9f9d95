import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { BASE } from '../support/client.js';
import { Deployment } from '../support/deployment.js';
import { defineSlowReport, MINUTES } from '../support/slow-report.js';

/** Bound of the requirement: from the request to the status. */
const CANCEL_MS = 2000;
/** Over one second; a query keeps two processors busy for 100 ticks each. */
const IDLE_TICKS = 20;
/** Some seconds of storing and rendering: 130 MB of Parquet, 280 MB of CSV. */
const WIDE = { report_name: 'wide' };
/** Until such a run has stored a file, on a machine that is busy with other things. */
const PATIENCE_MS = 60_000;

vi.setConfig({ testTimeout: 2 * PATIENCE_MS });

describe.each(['local', 's3'] as const)('a long query over %s storage', (storage) => {
  let deployment: Deployment;

  beforeAll(async () => {
    deployment = await Deployment.start({ storage });
    await defineSlowReport(deployment.client);
    await deployment.client.define({
      name: WIDE.report_name,
      sql: `SELECT range AS id, sha256(CAST(range AS VARCHAR)) AS a, sha256(CAST(-range AS VARCHAR)) AS b
        FROM range(2000000)`,
    });
  });
  afterAll(() => deployment.stop());

  it('stops within two seconds when it is cancelled and leaves nothing', async () => {
    const { client } = deployment;
    const { body } = await client.create(MINUTES);
    await client.event(body.report_id, ({ data }) => data.progress?.phase === 'query');

    const askedAt = Date.now();
    const answer = await client.send('POST', `${BASE}/reports/${body.report_id}/cancel`);
    expect(answer).toMatchObject({ status: 202, body: { status: 'cancelling', terminal: false } });
    const ended = await client.ended(body.report_id);
    expect(Date.now() - askedAt).toBeLessThan(CANCEL_MS);
    expect(ended).toMatchObject({ status: 'cancelled', terminal: true, error: null, attempt: 1 });
    await expectNothingLeft(body.report_id);
  });

  it('ends at its deadline', async () => {
    const { client } = deployment;
    const ended = await client.run({ ...MINUTES, timeout_seconds: 1 });
    expect(ended).toMatchObject({ status: 'error', error: { code: 'run-deadline-exceeded', attempt: 1 } });
    await expectNothingLeft(ended.report_id);
  });

  it.each([
    ['in the middle of an upload', () => deployment.files.unfinished()],
    ['when a file is stored already', async (id: string) => (await deployment.files.keys(`runs/${id}/`)).length],
  ])('stops %s', async (_, isThere) => {
    const { client } = deployment;
    const { body } = await client.create(WIDE);
    await expect.poll(() => isThere(body.report_id), { interval: 5, timeout: PATIENCE_MS }).toBeGreaterThan(0);

    const askedAt = Date.now();
    expect((await client.send('POST', `${BASE}/reports/${body.report_id}/cancel`)).status).toBe(202);
    expect(await client.ended(body.report_id)).toMatchObject({ status: 'cancelled' });
    expect(Date.now() - askedAt).toBeLessThan(CANCEL_MS);
    await expectNothingLeft(body.report_id);
  });

  async function expectNothingLeft(id: string): Promise<void> {
    const [worker] = deployment.workers;
    await expect.poll(() => worker!.filesOfAttempts()).toEqual([]);
    await expect.poll(() => ticksOfASecond(), { timeout: 5000 }).toBeLessThan(IDLE_TICKS);
    expect(await deployment.files.keys(`runs/${id}/`)).toEqual([]);
    expect(await deployment.files.unfinished()).toBe(0);
  }

  /** Measures over a window of time, which is what the wait is for. */
  async function ticksOfASecond(): Promise<number> {
    const [worker] = deployment.workers;
    const before = await worker!.processorTicks();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    return (await worker!.processorTicks()) - before;
  }
});
