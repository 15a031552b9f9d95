import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../support/client.js';
import { Deployment } from '../support/deployment.js';
import type { ServiceProcess } from '../support/processes.js';
import { defineSlowReport, MINUTES, SECONDS, startedBy } from '../support/slow-report.js';

const MAX_ATTEMPTS = 3;

let deployment: Deployment;

beforeAll(async () => {
  deployment = await Deployment.start({
    workers: 0,
    environment: {
      RUN_LEASE_SECONDS: '2',
      RUN_SWEEP_SECONDS: '1',
      RUN_RETRY_DELAY_SECONDS: '1',
      RUN_MAX_ATTEMPTS: String(MAX_ATTEMPTS),
    },
  });
  await defineSlowReport(deployment.client);
});
afterAll(() => deployment.stop());

describe('a worker that is killed in the middle of a run', () => {
  it('is replaced by another one, which completes the run once', async () => {
    const first = await deployment.startWorker();
    const id = await startedBy(first, deployment.client, SECONDS);
    await first.kill();
    const second = await deployment.startWorker();
    const ended = await deployment.client.ended(id);
    expect(ended).toMatchObject({ status: 'completed', attempt: 2, total_rows: 300, error: null });
    expect(await statuses(id)).toEqual(['queued 0', 'running 1', 'queued 1', 'running 2', 'completed 2']);
    await expectOneResult(ended);
    expect(await second.filesOfAttempts()).toEqual([]);
    await second.stop();
  });

  it('ends in an error when every worker dies of it', async () => {
    const { client } = deployment;
    const { body } = await client.create(MINUTES);
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const worker = await deployment.startWorker();
      await client.event(body.report_id, ({ data }) => data.status === 'running' && data.attempt === attempt);
      await worker.kill();
    }
    const sweeping = await deployment.startWorker();
    const ended = await client.ended(body.report_id);
    expect(ended).toMatchObject({ status: 'error', error: { code: 'run-worker-lost', attempt: MAX_ATTEMPTS } });
    expect(await deployment.files.keys(`runs/${body.report_id}/`)).toEqual([]);
    await sweeping.stop();
  });
});

describe('a worker that stands still until another one has taken its run', () => {
  it('changes nothing when it goes on', async () => {
    const frozen = await deployment.startWorker();
    const id = await startedBy(frozen, deployment.client, SECONDS);
    frozen.signal('SIGSTOP');
    const second = await deployment.startWorker();
    const ended = await deployment.client.ended(id);
    expect(ended).toMatchObject({ status: 'completed', attempt: 2 });
    const before = await expectOneResult(ended);

    frozen.signal('SIGCONT');
    await saysThatItLost(frozen, id);
    await expect.poll(() => frozen.filesOfAttempts(), { timeout: 20_000 }).toEqual([]);
    expect(await deployment.client.report(id)).toEqual(ended);
    expect(await expectOneResult(ended)).toEqual(before);
    await Promise.all([frozen.stop(), second.stop()]);
  });
});

/** Statuses with their attempts, in the order of the events. */
async function statuses(id: string): Promise<string[]> {
  const seen: string[] = [];
  for await (const { type, data } of deployment.client.events(id)) {
    if (type === 'status') seen.push(`${data.status} ${String(data.attempt)}`);
  }
  return seen;
}

/** One result and one file, both of the last attempt, and a file that is what the manifest says. */
async function expectOneResult({ report_id: id, attempt }: Report): Promise<string[]> {
  const keys = await deployment.files.keys(`runs/${id}/`);
  const prefix = `runs/${id}/${String(attempt)}/`;
  expect(keys).toHaveLength(2);
  expect(keys).toContain(`${prefix}result.parquet`);
  expect(keys.filter((key) => key.startsWith(prefix) && key.endsWith('.csv'))).toHaveLength(1);
  const { bytes } = await deployment.client.file(`/api/v1/reports/${id}/download`);
  expect(bytes.toString().trimEnd().split('\n')).toHaveLength(301);
  return keys;
}

async function saysThatItLost(worker: ServiceProcess, id: string): Promise<void> {
  const attemptEnded = async () =>
    (await worker.log()).split('\n').some((line) => line.includes('fenced') && line.includes(id));
  await expect.poll(attemptEnded, { timeout: 20_000 }).toBe(true);
}
