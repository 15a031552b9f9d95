import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Deployment } from '../support/deployment.js';
import { DATASET, PEOPLE, uploadPeople } from '../support/export-data.js';
import { ExportsClient } from '../support/exports-client.js';
import type { ServiceProcess } from '../support/processes.js';
import { defineSlowReport, MINUTES, startedBy } from '../support/slow-report.js';

const MAX_ATTEMPTS = 3;
/** Computes for more than a minute on data of a client: none of it may run inside of the worker. */
const QUERY = 'SELECT count(*) AS n FROM range(1000000) a, range(1000000) b WHERE a.range + b.range = 7';

let deployment: Deployment;
let worker: ServiceProcess;

beforeAll(async () => {
  deployment = await Deployment.start({
    environment: { RUN_SWEEP_SECONDS: '1', RUN_RETRY_DELAY_SECONDS: '1', RUN_MAX_ATTEMPTS: String(MAX_ATTEMPTS) },
  });
  worker = deployment.workers[0]!;
  await defineSlowReport(deployment.client);
  await uploadPeople(deployment.client);
});
afterAll(() => deployment.stop());

// The first is how a crash ends a process, the second how the system does when memory runs out.
describe.each(['SIGSEGV', 'SIGKILL'] as const)('a report whose engine ends with %s each time', (signal) => {
  it('ends in an error after the attempts; the worker and its other runs do not notice', async () => {
    const { client } = deployment;
    const { body } = await client.create(MINUTES);
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      await client.event(body.report_id, ({ data }) => data.status === 'running' && data.attempt === attempt);
      await endEngine(signal);
      const other = await new ExportsClient(client).run({ ...DATASET, format: 'csv' });
      expect(other).toMatchObject({ status: 'completed', attempt: 1, total_rows: PEOPLE.length });
    }
    const ended = await client.ended(body.report_id);
    expect(ended).toMatchObject({ status: 'error', error: { code: 'query-engine-lost', attempt: MAX_ATTEMPTS } });
    await expectUnharmed(body.report_id);
  });
});

it('leaves another run alone that computes at the same time', async () => {
  const { client } = deployment;
  const other = await startedBy(worker, client, { ...MINUTES, units: 20_000 });
  const [engineOfOther] = await worker.children();
  const { body } = await client.create(MINUTES);
  await expect.poll(() => worker.children()).toHaveLength(2);
  const [poisoned] = (await worker.children()).filter((pid) => pid !== engineOfOther);
  process.kill(poisoned!, 'SIGSEGV');
  await client.event(body.report_id, ({ data }) => data.status === 'queued' && data.attempt === 1);
  await client.send('DELETE', `/api/v1/reports/${body.report_id}`);
  expect(await client.ended(other)).toMatchObject({ status: 'completed', attempt: 1, total_rows: 300 });
});

it('keeps the query of an export out of the worker too, and cannot be quarantined by one crash', async () => {
  const exports = new ExportsClient(deployment.client);
  const source = { type: 'dataset', datasets: 'people', query: QUERY };
  const { body } = await exports.create({ source, format: 'csv' });
  await exports.status(body.export_id, ({ data }) => data.status === 'running');
  await endEngine('SIGSEGV');
  await exports.status(body.export_id, ({ data }) => data.status === 'running' && data.attempt === 2);
  await deployment.client.send('POST', `/api/v1/exports/${body.export_id}/cancel`);
  await exports.status(body.export_id, ({ data }) => data.status === 'cancelled');
});

/** Waits for the engine of the run that there is, and ends it. */
async function endEngine(signal: NodeJS.Signals): Promise<void> {
  await expect.poll(() => worker.children(), { interval: 10, timeout: 30_000 }).toHaveLength(1);
  const [engine] = await worker.children();
  process.kill(engine!, signal);
  await expect.poll(() => worker.children(), { interval: 10 }).not.toContain(engine);
}

async function expectUnharmed(id: string): Promise<void> {
  expect((await fetch(`${worker.url}/health/ready`)).status).toBe(200);
  await expect.poll(() => worker.filesOfAttempts()).toEqual([]);
  expect(await deployment.files.keys(`runs/${id}/`)).toEqual([]);
}
