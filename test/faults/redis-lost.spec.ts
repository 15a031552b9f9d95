import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Deployment } from '../support/deployment.js';
import { endedRuns } from '../support/ended-runs.js';
import { tell } from '../support/figures.js';
import { Load } from '../support/load.js';

/** Bound of the requirement for an answer while Redis is down. */
const ANSWER_MS = 3000;
/** Kubernetes kills after 30 s. */
const STOP_MS = 10_000;
const DOWN_MS = 20_000;
const request = { report_name: 'two-list-sum', list_a: [1, 2, 3], list_b: [4, 7, 9], target: 10 };

let deployment: Deployment;

beforeAll(async () => {
  deployment = await Deployment.start({ workers: 0, environment: { RUN_SWEEP_SECONDS: '1' } });
});
afterAll(() => deployment.stop());

it('completes runs whose jobs Redis has forgotten', async () => {
  const { client, redisUrl } = deployment;
  const { body } = await client.create(request);
  const redis = new Redis(redisUrl);
  expect(await redis.exists(`longhaul:reports:${body.report_id}.0`)).toBe(1);
  redis.disconnect();
  await flush();
  await deployment.startWorker();
  expect(await client.ended(body.report_id)).toMatchObject({ status: 'completed', attempt: 1, total_rows: 1 });
});

it('takes requests while Redis is down and completes them when it is back', async () => {
  const { client } = deployment;
  await deployment.stopRedis();
  const askedAt = Date.now();
  const { status, body } = await client.create(request);
  expect(status).toBe(202);
  expect(Date.now() - askedAt).toBeLessThan(ANSWER_MS);
  expect((await client.get('/health')).status).toBe(503);
  expect((await client.get('/health/ready')).status).toBe(200);

  await deployment.restartRedis();
  await expect.poll(() => client.report(body.report_id), { timeout: 30_000 }).toMatchObject({ status: 'completed' });
  expect((await client.get('/health')).status).toBe(200);
});

it.each([
  ['is flushed', async () => flush()],
  [
    'is restarted',
    async () => {
      await deployment.stopRedis();
      await deployment.restartRedis();
    },
  ],
  [
    'is down for 20 s',
    async () => {
      await deployment.stopRedis();
      // The requirement names the time, so that is what is waited for.
      await delay(DOWN_MS);
      await deployment.restartRedis();
    },
  ],
])(
  'answers every request while Redis %s, and completes each run once',
  async (what, happen) => {
    const load = Load.start(() => deployment.client, { ...request, format: 'csv' });
    await expect.poll(() => load.ids.size, { timeout: 20_000 }).toBeGreaterThan(5);
    await happen();
    const before = load.ids.size;
    await expect.poll(() => load.ids.size, { timeout: 20_000 }).toBeGreaterThan(before + 5);
    await load.stop();
    const runs = (await endedRuns(deployment)).filter(({ id }) => load.ids.has(id));
    tell(what, { answers: load.statuses, slowestMs: Math.round(load.slowestMs), runs: runs.length });
    expect(Object.keys(load.statuses)).toEqual(['200', '202']);
    expect(load.slowestMs).toBeLessThan(ANSWER_MS);
    expect(runs).toHaveLength(load.ids.size);
    expect(
      runs.map(({ status, attempt, rows, completions, artifacts }) => ({
        status,
        attempt,
        rows,
        completions,
        artifacts,
      })),
    ).toEqual(runs.map(() => ({ status: 'completed', attempt: 1, rows: 1, completions: 1, artifacts: 1 })));
  },
  120_000,
);

it('lets processes stop while Redis is down', async () => {
  const { api, workers } = deployment;
  await deployment.stopRedis();
  const toldAt = Date.now();
  const processes = [api, ...workers];
  for (const process of processes) process.signal('SIGTERM');
  const ends = await Promise.all(processes.map(({ child }) => child.exited));
  expect(ends).toEqual(processes.map(() => 'ended with exit code 0'));
  expect(Date.now() - toldAt).toBeLessThan(STOP_MS);
});

async function flush(): Promise<void> {
  const redis = new Redis(deployment.redisUrl);
  await redis.flushall();
  redis.disconnect();
}
