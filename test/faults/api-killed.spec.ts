import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CutProxy } from '../support/cut-proxy.js';
import { Deployment } from '../support/deployment.js';
import { endedRuns, expectAllWhole } from '../support/ended-runs.js';

const REQUESTS = 5;
const SUM = { report_name: 'two-list-sum', list_a: [1, 2, 3], list_b: [4, 7, 9], target: 10, format: 'csv' };

let deployment: Deployment;
let proxy: CutProxy;
let sql: pg.Client;
let redis: Redis;

beforeAll(async () => {
  deployment = await Deployment.start({ workers: 0, environment: { RUN_SWEEP_SECONDS: '1' } });
  proxy = await CutProxy.start(deployment.redisUrl);
  redis = new Redis(deployment.redisUrl);
  sql = new pg.Client({ connectionString: deployment.databaseUrl });
  await sql.connect();
});
afterAll(async () => {
  redis.disconnect();
  await sql.end();
  await deployment.stop();
  await proxy.stop();
});

const jobs = async (): Promise<string[]> => await redis.keys('longhaul:reports:????????-*');

async function rows(): Promise<number> {
  const { rowCount } = await sql.query(`SELECT FROM runs WHERE status = 'queued'`);
  return rowCount ?? 0;
}

it('completes runs whose API was killed between the row and the job', async () => {
  const api = await deployment.startApi({ REDIS_URL: proxy.through(deployment.redisUrl) });
  const { client } = deployment;
  // It has a connection by now, so that it waits for the answer to its job, which does not come.
  expect((await client.create(SUM)).status).toBe(202);
  expect(await jobs()).toHaveLength(1);
  proxy.swallow();
  const asked = Array.from({ length: REQUESTS }, () =>
    client.create(SUM).then(
      () => 'answered',
      () => 'cut',
    ),
  );
  await expect.poll(rows, { interval: 5, timeout: 10_000 }).toBe(1 + REQUESTS);
  await api.kill();
  expect(await Promise.all(asked)).toEqual(asked.map(() => 'cut'));
  expect(await jobs()).toHaveLength(1);

  await deployment.startApi();
  await deployment.startWorker();
  const runs = await endedRuns(deployment);
  expect(runs.map(({ attempt }) => attempt)).toEqual(Array.from({ length: 1 + REQUESTS }, () => 1));
  await expectAllWhole(deployment, runs, 1);
});
