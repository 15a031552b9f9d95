import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../src/local/free-port.js';
import { Deployment } from '../support/deployment.js';
import { ExportsClient } from '../support/exports-client.js';
import { PagedApi } from '../support/paged-api.js';

let deployment: Deployment;
let exports: ExportsClient;
let upstream: PagedApi;
/** Of the server that gets the secret. */
let port: number;

beforeAll(async () => {
  port = await freePort();
  deployment = await Deployment.start({
    workers: 2,
    environment: {
      OUTBOUND_ALLOW: '127.0.0.1',
      WORKER_CONCURRENCY: '1',
      RUN_MAX_ATTEMPTS: '3',
      EXPORT_SECRETS: JSON.stringify({
        shop: { value: 'Bearer sesame-open', hosts: [`127.0.0.1:${String(port)}`] },
      }),
      EXPORT_MAX_PAGES: '150',
    },
  });
  exports = new ExportsClient(deployment.client);
});
afterAll(() => deployment.stop());
afterEach(() => upstream.stop());

describe('rate_limit', () => {
  it('holds for all exports of all workers together', async () => {
    upstream = await PagedApi.start({ pages: 50, perPage: 2 });
    const source = {
      ...upstream.source,
      rate_limit: 10,
      concurrency: 4,
      pagination: { type: 'page', total_path: 'total' },
    };
    const ended = await Promise.all([exports.run({ source }), exports.run({ source })]);
    expect(ended).toMatchObject([
      { status: 'completed', total_rows: 100 },
      { status: 'completed', total_rows: 100 },
    ]);
    expect(upstream.requests).toHaveLength(100);
    expect(upstream.most(1000)).toBeLessThanOrEqual(11);
    // Both at work at the same time, which takes two workers of one run each.
    expect(upstream.requests.slice(0, 20).filter(({ page }) => page === 0)).toHaveLength(2);
    const times = upstream.requests.map(({ at }) => at);
    expect((times.at(-1)! - times[0]!) / 99).toBeGreaterThan(95);
  });
});

describe('a server that asks for patience', () => {
  it('gets the pause of Retry-After from every request of the export', async () => {
    upstream = await PagedApi.start({
      pages: 30,
      perPage: 5,
      delayMs: 5,
      answer: (page, before) =>
        page === 10 && before === 0 ? { status: 429, headers: { 'retry-after': '2' } } : undefined,
    });
    const source = { ...upstream.source, concurrency: 4, pagination: { type: 'page', total_path: 'total' } };
    expect(await exports.run({ source })).toMatchObject({ status: 'completed', total_rows: 150 });
    const { requests } = upstream;
    const refusedAt = requests.find(({ page }) => page === 10)!.at + 5;
    const later = requests.filter(({ at }) => at > refusedAt + 20);
    expect(Math.min(...later.map(({ at }) => at)) - refusedAt).toBeGreaterThan(1950);
    expect(requests).toHaveLength(31);
  });

  it('is asked again for a page that fails three times', async () => {
    upstream = await PagedApi.start({
      pages: 100,
      perPage: 5,
      answer: (page, before) => (page === 56 && before < 3 ? { status: 500, body: 'oops' } : undefined),
    });
    const ended = await exports.run({
      source: { ...upstream.source, pagination: { type: 'page', total_path: 'total' } },
    });
    expect(ended).toMatchObject({ status: 'completed', total_rows: 500, attempt: 1 });
    expect((await exports.manifest(ended.export_id)).warnings).toEqual([]);
    expect(upstream.requests).toHaveLength(103);
  });

  it('ends the export when it asks for more than is sensible', async () => {
    upstream = await PagedApi.start({
      pages: 5,
      perPage: 5,
      answer: (page) => (page === 2 ? { status: 503, headers: { 'retry-after': '86400' } } : undefined),
    });
    const ended = await exports.run({ source: upstream.source });
    expect(ended).toMatchObject({ status: 'error', error: { code: 'source-failed' }, attempt: 1 });
    expect(ended.error?.detail).toMatch(/Page 3 .*503.*86400 s/);
  });
});

describe('a page that fails for good', () => {
  it('ends the export with page, status, address and answer, and without secrets', async () => {
    upstream = await PagedApi.start({
      pages: 10,
      perPage: 5,
      port,
      answer: (page, _, { headers }) =>
        page === 4 ? { status: 403, body: `<html><p>Token ${headers.authorization ?? ''} may not</p>` } : undefined,
    });
    const source = {
      ...upstream.source,
      url: `${upstream.url}?api_key=hush`,
      headers: { Authorization: { secret: 'shop' }, 'X-Tenant': 'blue' },
    };
    const ended = await exports.run({ source });
    expect(ended).toMatchObject({ status: 'error', attempt: 1 });
    expect(ended.error).toMatchObject({
      code: 'source-failed',
      detail: `Page 5 (${upstream.url}?api_key=***&page=5) failed: the server answered 403: Token *** may not.`,
    });
    expect(upstream.requests[0]!.headers).toMatchObject({ authorization: 'Bearer sesame-open', 'x-tenant': 'blue' });
    expect(upstream.requests).toHaveLength(5);
    expect(JSON.stringify(ended)).not.toContain('sesame');
    expect(ended.parameters).toMatchObject({ source: { headers: { Authorization: { secret: 'shop' } } } });
    expect(await deployment.files.keys(`runs/${ended.export_id}/`)).toEqual([]);
  });

  it('is not asked for again by another attempt', async () => {
    upstream = await PagedApi.start({ pages: 3, perPage: 5, answer: () => ({ status: 502 }) });
    const ended = await exports.run({ source: { ...upstream.source, retries: 2 } });
    expect(ended).toMatchObject({ status: 'error', error: { code: 'source-failed' }, attempt: 1 });
    expect(ended.error?.detail).toMatch(/answered 502 \(after 3 tries\)/);
    expect(upstream.requests).toHaveLength(3);
  });

  it('and ends it when there are more pages than an export may fetch', async () => {
    upstream = await PagedApi.start({ pages: 200, perPage: 1 });
    const ended = await exports.run({ source: upstream.source });
    expect(ended).toMatchObject({ status: 'error', error: { code: 'source-failed' } });
    expect(upstream.requests).toHaveLength(150);
  });
});

describe('a request for an export over HTTP', () => {
  it.each([
    ['an unknown secret', { headers: { 'X-Token': { secret: 'none' } } }, '/source/headers/X-Token/secret'],
    ['a secret in clear', { headers: { authorization: 'Bearer plain-words' } }, '/source/headers/authorization'],
    ['a user in the URL', { url: 'http://me:pw@127.0.0.1/x' }, '/source/url'],
    [
      'a place that CSV has not',
      { format: 'csv', records_path: '', pagination: { type: 'cursor' } },
      '/source/pagination/path',
    ],
  ])('is refused with %s', async (_, part, pointer) => {
    upstream = await PagedApi.start({ pages: 1, perPage: 1 });
    const { status, body } = await exports.create({ source: { ...upstream.source, ...part } });
    expect(status).toBe(422);
    expect(body.errors?.map((place) => place.pointer)).toEqual([pointer]);
    expect(JSON.stringify(body)).not.toMatch(/plain-words|me:pw/);
  });
});
