import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DeliveryListDto } from '../../src/webhooks/dto/delivery.dto.js';
import type { SecretWebhookDto } from '../../src/webhooks/dto/webhook.dto.js';
import { BASE, type Client } from '../support/client.js';
import { Deployment } from '../support/deployment.js';
import { ExportsClient } from '../support/exports-client.js';
import { TestServer } from '../support/http-server.js';

const SUM = { report_name: 'two-list-sum', list_a: [1, 2], list_b: [3], target: 5 };
const REFUSED = /private or special address/;

let deployment: Deployment;
let client: Client;
let exports: ExportsClient;
/** What nobody may reach; it listens beside the other one. */
let inside: TestServer;
/** The one server that may be reached. It redirects to `to`. */
let outside: TestServer;

beforeAll(async () => {
  inside = await TestServer.http((_, response) => response.end('[{"secret":"hunter2"}]'));
  outside = await TestServer.http((request, response) => {
    const { searchParams } = new URL(request.url!, 'http://any');
    response.writeHead(Number(searchParams.get('status')), { location: searchParams.get('to')! }).end();
  });
  const environment = { WEBHOOK_SEAL_KEY: 'k'.repeat(32), OUTBOUND_ALLOW: `127.0.0.1:${outside.port}` };
  deployment = await Deployment.start({ environment });
  ({ client } = deployment);
  exports = new ExportsClient(client);
});
beforeEach(() => inside.sockets.splice(0));
afterAll(async () => {
  await deployment.stop();
  await Promise.all([inside.stop(), outside.stop()]);
});

const sourceOf = (url: string) => ({ source: { type: 'http', url, pagination: { type: 'none' } } });
const insideAt = (host: string): string => `http://${host}:${inside.port}/`;
const through = (to: string, status = 302): string => `${outside.url}/?status=${status}&to=${encodeURIComponent(to)}`;

describe('a URL of a client', () => {
  it.each(['127.0.0.1', '2130706433', '0x7f.1', '0177.1', '[::ffff:7f00:1]', 'localhost.', '１２７.0.0.1'])(
    'at %s is not fetched by an export',
    async (host) => {
      const ended = await exports.run(sourceOf(insideAt(host)));
      expect(ended).toMatchObject({
        status: 'error',
        error: { code: 'source-failed', detail: expect.stringMatching(REFUSED) },
      });
      expect(inside.sockets).toEqual([]);
    },
  );

  it.each(['http://169.254.169.254/latest/meta-data/', 'http://[fd00:ec2::254]/', 'http://100.100.100.200/'])(
    'of metadata, %s, is not fetched, nor followed to',
    async (url) => {
      for (const one of [url, through(url)]) {
        const ended = await exports.run(sourceOf(one));
        expect(ended).toMatchObject({ error: { code: 'source-failed', detail: expect.stringMatching(REFUSED) } });
      }
    },
  );

  it.each([301, 302, 303, 307, 308])('leads an export nowhere inside by a %i', async (status) => {
    const ended = await exports.run(sourceOf(through(insideAt('127.0.0.1'), status)));
    expect(ended).toMatchObject({ error: { code: 'source-failed', detail: expect.stringMatching(REFUSED) } });
    expect(inside.sockets).toEqual([]);
  });

  it.each([
    ['file:///etc/passwd', '/source/url'],
    ['ftp://example.org/', '/source/url'],
    ['gopher://example.org/', '/source/url'],
    ['http://me:hunter2@example.org/', '/source/url'],
  ])('%s is refused at once', async (url, pointer) => {
    const { status, body } = await exports.create(sourceOf(url));
    expect([status, body.errors?.[0]?.pointer]).toEqual([422, pointer]);
  });

  it('is told nothing at a private address, as an endpoint and as a callback', async () => {
    const json = { url: insideAt('127.0.0.1') };
    const { status, body } = await client.send<SecretWebhookDto>('POST', `${BASE}/webhooks`, { json });
    expect(status).toBe(201);
    await client.run({ ...SUM, callback_url: insideAt('localhost') });
    for (const path of [body.links.deliveries, `${BASE}/webhook-deliveries`]) {
      await expect
        .poll(async () => (await client.get<DeliveryListDto>(path)).body.deliveries, { timeout: 20_000 })
        .toMatchObject([{ status: 'failed', attempts: 1, log: [{ error: expect.stringMatching(REFUSED) }] }]);
    }
    expect(inside.sockets).toEqual([]);
  });
});
