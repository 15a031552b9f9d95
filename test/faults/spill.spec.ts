import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Deployment } from '../support/deployment.js';
import { filesBelow, type ServiceProcess } from '../support/processes.js';
import { hasTinyDisks, seenBy } from '../support/tiny-disk.js';

/** Sorts 260 MB of text with 128 MB of memory. */
const WIDE_SORT = { report_name: 'wide-sort' };
const OTHER = { report_name: 'two-list-sum', list_a: [1, 2, 3], list_b: [4, 7, 9], target: 10 };

let deployment: Deployment;

beforeAll(async () => {
  deployment = await Deployment.start({
    workers: 0,
    environment: {
      ENGINE_MEMORY_MB: '128',
      RUN_SWEEP_SECONDS: '1',
      RUN_RETRY_DELAY_SECONDS: '1',
      RUN_MAX_ATTEMPTS: '2',
    },
  });
  await deployment.client.define({
    name: WIDE_SORT.report_name,
    sql: `SELECT sha256(CAST(range AS VARCHAR)) AS a, sha256(CAST(-range AS VARCHAR)) AS b
      FROM range(2000000) ORDER BY a`,
  });
});
afterAll(() => deployment.stop());

it('ends a query that needs more than it may spill; others do not notice, and nothing stays', async () => {
  const worker = await deployment.startWorker({ ENGINE_SPILL_MB: '16' });
  await expectEnd(worker, 'the 16 MB it may use');
  await worker.stop();
});

describe.runIf(await hasTinyDisks())('a scratch volume of 48 MB', () => {
  it('ends a query that fills it; others do not notice, and nothing stays', async () => {
    const worker = await deployment.startWorker({}, { megabytes: 48 });
    await expectEnd(worker, 'disk of the worker is full');
    await worker.stop();
  });
});

describe.runIf(await hasTinyDisks())('a scratch volume of 4 MB', () => {
  it('ends a run whose dataset does not fit, and says so; others do not notice, and nothing stays', async () => {
    const { client } = deployment;
    const lines = Array.from({ length: 300_000 }, () => randomUUID());
    await client.upload('ids', `id\n${lines.join('\n')}\n`);
    await client.define({
      name: 'counted-ids',
      datasets: ['ids'],
      sql: 'SELECT count(*) AS n FROM ids',
    });
    const worker = await deployment.startWorker({}, { megabytes: 4 });
    const ended = await client.run({ report_name: 'counted-ids' });
    expect(ended).toMatchObject({ status: 'error', error: { code: 'worker-disk-full', attempt: 2 } });
    await expectUnharmed(worker, ended.report_id);
    await worker.stop();
  });
});

async function expectEnd(worker: ServiceProcess, words: string): Promise<void> {
  const { client } = deployment;
  const [ended, other] = await Promise.all([client.run(WIDE_SORT), client.run(OTHER)]);
  expect(ended).toMatchObject({ status: 'error', attempt: 1, error: { code: 'query-spill-limit' } });
  expect(ended.error?.detail).toContain(words);
  expect(other).toMatchObject({ status: 'completed', attempt: 1, total_rows: 1 });
  await expectUnharmed(worker, ended.report_id);
}

/** Nothing is left of the run, in the worker and in storage, and the next one completes. */
async function expectUnharmed(worker: ServiceProcess, id: string): Promise<void> {
  await expect.poll(() => filesBelow(seenBy(worker.child.pid, worker.processesFolder))).toEqual([]);
  expect(await deployment.client.run(OTHER)).toMatchObject({ status: 'completed', attempt: 1 });
  expect(await deployment.files.keys(`runs/${id}/`)).toEqual([]);
}
