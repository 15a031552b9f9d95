import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { BASE } from '../support/client.js';
import { Deployment } from '../support/deployment.js';
import { ExportsClient, type Export } from '../support/exports-client.js';
import { PagedApi } from '../support/paged-api.js';
import type { ServiceProcess } from '../support/processes.js';

/** Bounds of the requirements. */
const DRAIN_MS = 10_000;
const CANCEL_MS = 2000;
const PER_PAGE = 1000;
const PAGES = 1000;

/** A thousand pages on a busy machine. */
vi.setConfig({ testTimeout: 240_000 });

let deployment: Deployment;
let exports: ExportsClient;
let upstream: PagedApi;

beforeAll(async () => {
  deployment = await Deployment.start({
    workers: 0,
    environment: {
      OUTBOUND_ALLOW: '127.0.0.1',
      RUN_LEASE_SECONDS: '2',
      RUN_SWEEP_SECONDS: '1',
      RUN_RETRY_DELAY_SECONDS: '1',
      RUN_MAX_ATTEMPTS: '2',
    },
  });
  exports = new ExportsClient(deployment.client);
});
afterAll(() => deployment.stop());
afterEach(() => upstream.stop());

describe('a worker that is killed in the middle of a fetch', () => {
  it('is replaced by another one, which goes on at the page in flight', async () => {
    upstream = await PagedApi.start({ pages: PAGES, perPage: PER_PAGE });
    const first = await deployment.startWorker();
    const id = await create({ pagination: { type: 'page', total_path: 'total' } });
    await requestsReach(600);
    await first.kill();
    const asked = upstream.requests.length;
    const second = await deployment.startWorker();
    const ended = await endOf(id);
    expect(ended).toMatchObject({ status: 'completed', attempt: 2, total_rows: PAGES * PER_PAGE, error: null });
    expect(asked).toBeLessThan(PAGES);
    expect(upstream.requests.length).toBeLessThanOrEqual(PAGES + 1);
    expect(upstream.counts.size).toBe(PAGES);
    expect(await idsOf(id)).toEqual({ lines: PAGES * PER_PAGE, different: PAGES * PER_PAGE, inOrder: true });
    expect((await deployment.files.keys(`runs/${id}/pages/`)).length).toBe(0);
    await second.stop();
  });

  it('with several requests at a time, asks again for no more pages than were in flight', async () => {
    upstream = await PagedApi.start({ pages: 200, perPage: 10, delayMs: 5 });
    const first = await deployment.startWorker();
    const id = await create({ concurrency: 4, pagination: { type: 'page', total_path: 'total' } });
    await requestsReach(100);
    await first.kill();
    const second = await deployment.startWorker();
    expect(await endOf(id)).toMatchObject({ status: 'completed', attempt: 2, total_rows: 2000 });
    expect(upstream.requests.length).toBeLessThanOrEqual(204);
    expect(await idsOf(id)).toEqual({ lines: 2000, different: 2000, inOrder: true });
    await second.stop();
  });
});

describe('a worker that is told to stop in the middle of a fetch', () => {
  it('ends the page in flight and hands the run back in time; no page is asked for twice', async () => {
    upstream = await PagedApi.start({ pages: 60, perPage: 10, delayMs: 20 });
    const first = await deployment.startWorker();
    const id = await create({ pagination: { type: 'cursor', path: 'next_cursor' } });
    await requestsReach(20);
    const toldAt = Date.now();
    first.signal('SIGTERM');
    await first.child.exited;
    expect(Date.now() - toldAt).toBeLessThan(DRAIN_MS);
    expect(await exports.show(id)).toMatchObject({ status: 'queued', attempt: 1, error: null });
    const second = await deployment.startWorker();
    expect(await endOf(id)).toMatchObject({ status: 'completed', attempt: 2, total_rows: 600 });
    expect(upstream.requests).toHaveLength(60);
    expect(await idsOf(id)).toEqual({ lines: 600, different: 600, inOrder: true });
    await second.stop();
  });

  it('gives up a request that takes too long', async () => {
    upstream = await PagedApi.start({
      pages: 10,
      perPage: 10,
      answer: (page, before) => (page === 4 && before === 0 ? 'hang' : undefined),
    });
    const first = await deployment.startWorker();
    const id = await create({ pagination: { type: 'next' } });
    await requestsReach(5);
    const toldAt = Date.now();
    first.signal('SIGTERM');
    await first.child.exited;
    expect(Date.now() - toldAt).toBeLessThan(DRAIN_MS);
    expect(await exports.show(id)).toMatchObject({ status: 'queued', attempt: 1 });
    const second = await deployment.startWorker();
    expect(await endOf(id)).toMatchObject({ status: 'completed', attempt: 2, total_rows: 100 });
    expect(upstream.requests).toHaveLength(11);
    await second.stop();
  });
});

describe('cancelling a fetch', () => {
  it.each([
    ['while pages come', { delayMs: 2 }],
    ['while a page does not come', { answer: (page: number) => (page === 300 ? ('hang' as const) : undefined) }],
    ['while it waits to ask again', { answer: (page: number) => (page === 300 ? RETRY_LATER : undefined) }],
  ])('ends it %s, asks for nothing more, and leaves nothing', async (_, behaviour) => {
    upstream = await PagedApi.start({ pages: PAGES, perPage: 10, ...behaviour });
    const worker = await deployment.startWorker();
    const unfinished = await deployment.files.unfinished();
    const id = await create({});
    await requestsReach(301);
    const askedAt = Date.now();
    expect((await deployment.client.send('POST', `${BASE}/exports/${id}/cancel`)).status).toBe(202);
    await exports.status(id, ({ data }) => data.status === 'cancelled');
    expect(Date.now() - askedAt).toBeLessThan(CANCEL_MS);
    const asked = upstream.requests.length;
    expect(asked).toBeLessThan(PAGES);
    expect(await deployment.files.keys(`runs/${id}/`)).toEqual([]);
    expect(await deployment.files.unfinished()).toBe(unfinished);
    await expectSilence(worker, asked);
    await worker.stop();
  });
});

const RETRY_LATER = { status: 503, headers: { 'retry-after': '60' } };

async function create(source: Record<string, unknown>): Promise<string> {
  const { status, body } = await exports.create({ source: { ...upstream.source, ...source }, format: 'csv' });
  expect(body).toMatchObject({ status: 'queued' });
  expect(status).toBe(202);
  return body.export_id;
}

async function endOf(id: string): Promise<Export> {
  await exports.status(id, ({ data }) => data.terminal);
  return await exports.show(id);
}

async function requestsReach(count: number): Promise<void> {
  await expect.poll(() => upstream.requests.length, { interval: 1, timeout: 120_000 }).toBeGreaterThanOrEqual(count);
}

/** The ids in the file: their number, how many differ, and whether they are in the order of the source. */
async function idsOf(id: string): Promise<{ lines: number; different: number; inOrder: boolean }> {
  const text = (await exports.file(id, 'csv')).toString();
  const ids = text
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => Number(line.slice(0, line.indexOf(','))));
  return { lines: ids.length, different: new Set(ids).size, inOrder: ids.every((value, index) => value === index) };
}

/** Measures over a stretch of time, which is what the wait is for. */
async function expectSilence(worker: ServiceProcess, asked: number): Promise<void> {
  await expect.poll(() => worker.filesOfAttempts()).toEqual([]);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(upstream.requests).toHaveLength(asked);
}
