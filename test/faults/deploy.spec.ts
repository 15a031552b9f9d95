import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Balancer } from '../support/balancer.js';
import { BASE, Client } from '../support/client.js';
import { Deployment } from '../support/deployment.js';
import type { ServiceProcess } from '../support/processes.js';
import { defineSlowReport, SLOW } from '../support/slow-report.js';

const EXIT_0 = 'ended with exit code 0';
const CALLERS = 6;
/** Of a caller between two runs. */
const PAUSE_MS = 100;
const TEST_TIMEOUT_MS = 240_000;

let deployment: Deployment;
let balancer: Balancer;
let apis: ServiceProcess[];
let workers: ServiceProcess[];
/** Requests that were answered as they should, and what became of the others. */
const seen = { runs: 0, requests: 0, streams: 0, dropped: [] as string[], failed: [] as string[] };

beforeAll(async () => {
  balancer = await Balancer.start();
  const environment = { API_DRAIN_SECONDS: '3', DRAIN_SECONDS: '2', RUN_SWEEP_SECONDS: '1' };
  deployment = await Deployment.start({ workers: 2, environment: { ...environment, PUBLIC_URL: balancer.url } });
  workers = [...deployment.workers];
  apis = [deployment.api, await deployment.startApi()];
  for (const { url } of apis) await balancer.add(url);
  await defineSlowReport(deployment.client);
}, TEST_TIMEOUT_MS);
afterAll(async () => {
  await deployment.stop();
  await balancer.stop();
});

it(
  'replaces every API and worker under load without a dropped request or a failed run',
  async () => {
    const over = new AbortController();
    const callers = Array.from({ length: CALLERS }, (_, index) => call(index, over.signal));
    for (const [index, old] of apis.entries()) {
      const { url } = await deployment.startApi();
      await balancer.add(url);
      await replaced(old);
      const worker = workers[index]!;
      await deployment.startWorker();
      await replaced(worker);
    }
    const during = seen.runs;
    await expect.poll(() => seen.runs, { timeout: 60_000 }).toBeGreaterThan(during + CALLERS);
    over.abort();
    await Promise.all(callers);
    process.stdout.write(
      `deploy: ${String(seen.runs)} runs, ${String(seen.requests)} requests, ${String(seen.streams)} streams, ` +
        `${String(seen.dropped.length)} dropped, ${String(seen.failed.length)} failed\n`,
    );
    expect(balancer.ready).toHaveLength(2);
    expect(seen).toMatchObject({ dropped: [], failed: [] });
    expect(during).toBeGreaterThan(CALLERS);
  },
  TEST_TIMEOUT_MS,
);

async function replaced(old: ServiceProcess): Promise<void> {
  old.signal('SIGTERM');
  expect(await old.child.exited).toBe(EXIT_0);
}

/** Makes run after run: by polling or by its events, to the file. */
async function call(index: number, over: AbortSignal): Promise<void> {
  const client = new Client(balancer.url);
  while (!over.aborted) {
    // Some wait in the queue or are in work whenever a worker has to go.
    const units = index === 0 ? 6000 : 50 * (index + 1);
    const created = await asked('create', 202, () => client.create({ report_name: SLOW, units }));
    const id = created?.body.report_id;
    if (id !== undefined) {
      await (index % 2 === 0 ? polled(client, id) : followed(client, id));
      const report = (await asked('show', 200, () => client.get<{ status: string }>(`${BASE}/reports/${id}`)))?.body;
      if (report?.status !== 'completed') seen.failed.push(JSON.stringify(report));
      await asked('download', 200, async () => {
        const { bytes } = await client.file(`${BASE}/reports/${id}/download`);
        return { status: bytes.toString().trimEnd().split('\n').length === 301 ? 200 : 0 };
      });
      seen.runs += 1;
    }
    await delay(PAUSE_MS);
  }
}

async function asked<T extends { status: number }>(
  what: string,
  status: number,
  ask: () => Promise<T>,
): Promise<T | undefined> {
  seen.requests += 1;
  try {
    const answer = await ask();
    if (answer.status === status) return answer;
    seen.dropped.push(`${what}: ${JSON.stringify(answer)}`);
  } catch (error) {
    seen.dropped.push(`${what}: ${String(error)} ${String(error instanceof Error && error.cause)}`);
  }
  return undefined;
}

async function polled(client: Client, id: string): Promise<void> {
  const poll = () => asked('poll', 200, () => client.get<{ terminal: boolean }>(`${BASE}/reports/${id}`));
  for (let answer = await poll(); answer?.body.terminal === false; answer = await poll()) await delay(PAUSE_MS);
}

/** As a browser does: a stream that ends before the run is opened again, from where it was. */
async function followed(client: Client, id: string): Promise<void> {
  const run: { last: number; ended: boolean } = { last: 0, ended: false };
  do {
    seen.streams += 1;
    await asked('events', 200, async () => {
      for await (const event of client.events(id, run.last)) {
        run.last = event.id;
        run.ended = event.data.terminal;
      }
      return { status: 200 };
    });
    await delay(PAUSE_MS);
  } while (!run.ended);
}
