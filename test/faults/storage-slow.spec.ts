import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { BASE } from '../support/client.js';
import { Deployment } from '../support/deployment.js';
import { SlowProxy } from '../support/slow-proxy.js';

const LEASE_SECONDS = 2;
/** From the request to the status, while everything that has to be said to the storage takes long. */
const CANCEL_MS = 5000;
const KB = 1024;
const MB = 1024 * KB;
const TEST_TIMEOUT_MS = 180_000;

let deployment: Deployment;
let proxy: SlowProxy;

beforeAll(async () => {
  deployment = await Deployment.start({
    storage: 's3',
    workers: 0,
    environment: {
      RUN_LEASE_SECONDS: String(LEASE_SECONDS),
      RUN_SWEEP_SECONDS: '1',
      RUN_RETRY_DELAY_SECONDS: '1',
      RUN_MAX_ATTEMPTS: '3',
    },
  });
  proxy = await SlowProxy.start(deployment.files.recorder!.endpoint);
  await deployment.startWorker({ S3_ENDPOINT: proxy.url });
  await deployment.client.define({
    name: 'hashes',
    parameters: { rows: { type: 'integer', required: true } },
    sql: 'SELECT range AS id, sha256(CAST(range AS VARCHAR)) AS hash FROM range(CAST($rows AS BIGINT))',
  });
});
beforeEach(() => {
  proxy.mend();
});
afterAll(async () => {
  await deployment.stop();
  await proxy.stop();
});

/** About 72 bytes of CSV and 40 of Parquet for each row, which do not compress. */
const hashes = (rows: number) => ({ report_name: 'hashes', rows, format: 'csv' });

it('keeps its run, and says what it is at, while the storage takes much longer than the lease', async () => {
  const { client } = deployment;
  proxy.bytesPerSecond = 32 * KB;
  proxy.latencyMs = 100;
  const startedAt = Date.now();
  const { body } = await client.create(hashes(5000));
  await client.event(body.report_id, ({ data }) => data.progress?.phase === 'upload');
  const ended = await client.ended(body.report_id);
  const seconds = (Date.now() - startedAt) / 1000;
  process.stdout.write(`slow storage: ${seconds.toFixed(1)} s at a lease of ${String(LEASE_SECONDS)} s\n`);
  expect(ended).toMatchObject({ status: 'completed', attempt: 1, total_rows: 5000 });
  expect(seconds).toBeGreaterThan(3 * LEASE_SECONDS);
  await expectWhole(body.report_id, 5000);
});

it('cancels in the middle of an upload that would take minutes, and leaves nothing', async () => {
  const { client } = deployment;
  proxy.bytesPerSecond = 32 * KB;
  const { body } = await client.create(hashes(100_000));
  await client.event(body.report_id, ({ data }) => data.progress?.phase === 'upload');
  const askedAt = Date.now();
  await client.send('POST', `${BASE}/reports/${body.report_id}/cancel`);
  expect(await client.ended(body.report_id)).toMatchObject({ status: 'cancelled' });
  const ms = Date.now() - askedAt;
  process.stdout.write(`slow storage: cancelled in ${String(ms)} ms\n`);
  expect(ms).toBeLessThan(CANCEL_MS);
  proxy.mend();
  await expectNothing(body.report_id);
});

it(
  'completes an upload whose connections break in the middle, whole and with nothing left open',
  async () => {
    const { client } = deployment;
    proxy.cuts = { left: 4, afterBytes: 3 * MB };
    const ended = await client.run(hashes(400_000));
    expect(proxy.cuts.left).toBe(0);
    expect(ended).toMatchObject({ status: 'completed', attempt: 1, total_rows: 400_000 });
    await expectWhole(ended.report_id, 400_000);
  },
  TEST_TIMEOUT_MS,
);

it(
  'tries a run again whose uploads break each time, and leaves nothing of the attempt before',
  async () => {
    const { client } = deployment;
    proxy.cuts = { left: Infinity, afterBytes: 3 * MB };
    const { body } = await client.create(hashes(400_000));
    await client.event(body.report_id, ({ data }) => data.status === 'queued' && data.attempt === 1);
    proxy.mend();
    expect(await client.ended(body.report_id)).toMatchObject({ status: 'completed', attempt: 2, error: null });
    await expectWhole(body.report_id, 400_000);
  },
  TEST_TIMEOUT_MS,
);

/** One result and one file, which is what the row says. */
async function expectWhole(id: string, rows: number): Promise<void> {
  const { client, files } = deployment;
  const { body } = await client.get<{ sha256: string }>(`${BASE}/reports/${id}/download`, {
    accept: 'application/json',
  });
  const { bytes } = await client.file(`${BASE}/reports/${id}/download`);
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(body.sha256);
  expect(bytes.toString().trimEnd().split('\n')).toHaveLength(rows + 1);
  expect(await files.keys(`runs/${id}/`)).toHaveLength(2);
  expect(await files.unfinished()).toBe(0);
}

async function expectNothing(id: string): Promise<void> {
  await expect.poll(() => deployment.workers[0]!.filesOfAttempts()).toEqual([]);
  expect(await deployment.files.keys(`runs/${id}/`)).toEqual([]);
  expect(await deployment.files.unfinished()).toBe(0);
}
