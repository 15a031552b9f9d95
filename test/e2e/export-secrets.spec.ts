import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../src/local/free-port.js';
import { Deployment } from '../support/deployment.js';
import { ExportsClient } from '../support/exports-client.js';
import { PagedApi, type PagedApiOptions } from '../support/paged-api.js';

const VALUE = 'Bearer sesame-open';
const DATABASE = 'postgresql://reader:sesame-open@127.0.0.1:1/shop';

let deployment: Deployment;
let exports: ExportsClient;
let upstream: PagedApi;
let other: PagedApi;
let port: number;

beforeAll(async () => {
  port = await freePort();
  const hosts = [`127.0.0.1:${String(port)}`];
  const theirs = { value: VALUE, hosts, owners: ['acme'] };
  const shop = { value: VALUE, hosts };
  const environment = (moved: unknown, warehouse: unknown) => ({
    EXPORT_SECRETS: JSON.stringify({ shop, theirs, moved }),
    EXPORT_DATABASES: JSON.stringify({ theirs: { url: DATABASE, owners: ['acme'] }, warehouse }),
  });
  deployment = await Deployment.start({
    workers: 0,
    environment: { OUTBOUND_ALLOW: '127.0.0.1', ...environment(shop, DATABASE) },
  });
  // The operator has taken both from the owner since the export was asked for.
  await deployment.startWorker(environment(theirs, { url: DATABASE, owners: ['acme'] }));
  exports = new ExportsClient(deployment.client);
});
afterAll(() => deployment.stop());
afterEach(async () => {
  await upstream.stop();
  await other.stop();
});

async function start(options: Partial<PagedApiOptions> = {}): Promise<void> {
  other = await PagedApi.start({ pages: 2, perPage: 10 });
  upstream = await PagedApi.start({ pages: 2, perPage: 10, port, ...options });
}

const withSecret = (secret: string) => ({ ...upstream.source, headers: { Authorization: { secret } } });

describe('a secret of the operator', () => {
  it('goes to the host that it is for', async () => {
    await start();
    expect(await exports.run({ source: withSecret('shop') })).toMatchObject({ status: 'completed', total_rows: 20 });
    expect(new Set(upstream.requests.map(({ headers }) => headers.authorization))).toEqual(new Set([VALUE]));
  });

  it('goes to no other host that a page or a redirect leads to', async () => {
    await start({
      answer: (page) => (page === 1 ? { status: 302, headers: { location: `${other.url}?page=2` } } : undefined),
    });
    expect(await exports.run({ source: withSecret('shop') })).toMatchObject({ status: 'completed' });
    await upstream.stop();
    upstream = await PagedApi.start({
      pages: 2,
      perPage: 10,
      port,
      render: (_, records) => JSON.stringify({ data: { items: records }, next: `${other.url}?page=2` }),
    });
    const source = { ...withSecret('shop'), pagination: { type: 'next' } };
    expect(await exports.run({ source })).toMatchObject({ status: 'completed', total_rows: 20 });
    expect(other.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
  });

  it('is refused in the same words to another owner, for another host, and when there is none', async () => {
    await start();
    const sources = [withSecret('theirs'), { ...withSecret('shop'), url: other.url }, withSecret('none')];
    for (const source of sources) {
      const { status, body } = await exports.create({ source });
      const { secret } = source.headers.Authorization;
      expect(status).toBe(422);
      expect(body.errors).toEqual([
        {
          pointer: '/source/headers/Authorization/secret',
          detail: `there is no secret "${secret}" that this URL may get`,
        },
      ]);
    }
    expect([...upstream.requests, ...other.requests]).toEqual([]);
  });

  it('is refused when it was allowed at the request and is not at the run', async () => {
    await start();
    const ended = await exports.run({ source: withSecret('moved') });
    expect(ended).toMatchObject({ status: 'error', attempt: 1, error: { code: 'source-failed' } });
    expect(ended.error?.detail).toMatch(/no secret "moved" that this URL may get/);
    expect(JSON.stringify(ended)).not.toContain('sesame');
    expect(upstream.requests).toEqual([]);
  });
});

describe('a database of the operator', () => {
  const from = (connection: string) => ({ source: { type: 'database', connection, query: 'SELECT 1 AS one' } });

  it('is refused in the same words to another owner and when there is none', async () => {
    await start();
    const answers = [await exports.create(from('theirs')), await exports.create(from('none'))];
    const places = [{ pointer: '/source/connection', detail: 'there is no such connection' }];
    expect(answers.map(({ status, body }) => [status, body.errors])).toEqual([
      [422, places],
      [422, places],
    ]);
  });

  it('is refused when it was allowed at the request and is not at the run', async () => {
    await start();
    const ended = await exports.run(from('warehouse'));
    expect(ended).toMatchObject({ status: 'error', attempt: 1, error: { code: 'validation-failed' } });
    expect(JSON.stringify(ended)).not.toContain('sesame');
  });
});
