import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeliveryDto, DeliveryListDto } from '../../src/webhooks/dto/delivery.dto.js';
import type { SecretWebhookDto, WebhookDto, WebhookListDto } from '../../src/webhooks/dto/webhook.dto.js';
import { BASE, type Client } from '../support/client.js';
import { Deployment } from '../support/deployment.js';
import { verified, WebhookReceiver } from '../support/webhook-receiver.js';

const SUM = { report_name: 'two-list-sum', list_a: [1, 2], list_b: [3], target: 5 };

let deployment: Deployment;
let client: Client;

beforeAll(async () => {
  const environment = { WEBHOOK_SEAL_KEY: 'k'.repeat(32), OUTBOUND_ALLOW: '127.0.0.1' };
  deployment = await Deployment.start({ workers: 2, environment });
  ({ client } = deployment);
});
afterAll(() => deployment.stop());

async function endpoint(json: unknown): Promise<SecretWebhookDto> {
  const { status, headers, body } = await client.send<SecretWebhookDto>('POST', `${BASE}/webhooks`, { json });
  expect([status, headers.get('location')]).toEqual([201, body.links.self]);
  return body;
}

async function deliveries(path: string): Promise<DeliveryDto[]> {
  return (await client.get<DeliveryListDto>(path)).body.deliveries;
}

describe('a report that ends', () => {
  it('is told to its endpoints, signed, and to its callback URL, once each', async () => {
    const [hook, callback, other] = await Promise.all([0, 1, 2].map(() => WebhookReceiver.start()));
    const { secret, links } = await endpoint({ url: hook!.url, events: ['report.*'], description: 'loader' });
    const unwanted = await endpoint({ url: other!.url, events: ['export.*', 'report.error'] });
    const run = await client.run({ ...SUM, callback_url: callback!.url });
    await expect.poll(() => [hook!.ids.length, callback!.ids.length], { timeout: 20_000 }).toEqual([1, 1]);
    const event = { type: 'report.completed', data: { id: run.report_id, status: 'completed' } };
    expect(verified(hook!.received[0]!, secret)).toMatchObject(event);
    expect(JSON.parse(callback!.received[0]!.text)).toMatchObject(event);
    expect(hook!.received[0]!.text).toBe(callback!.received[0]!.text);
    expect(hook!.ids).toEqual(callback!.ids);
    expect(callback!.received[0]!.headers).not.toHaveProperty('webhook-signature');
    const told = { status: 'delivered', attempts: 1, type: 'report.completed', event_id: hook!.ids[0] };
    await expect.poll(() => deliveries(links.deliveries)).toMatchObject([{ ...told, next_attempt_at: null }]);
    await expect
      .poll(() => deliveries(`${BASE}/webhook-deliveries?status=delivered`))
      .toMatchObject([{ ...told, endpoint_id: null, url: callback!.url, log: [{ status: 204, error: null }] }]);
    expect(await deliveries(`${BASE}/webhook-deliveries?status=failed`)).toEqual([]);
    expect(await deliveries(unwanted.links.deliveries)).toEqual([]);
    expect(other!.received).toEqual([]);
    for (const { links: made } of [{ links }, unwanted]) await client.send('DELETE', made.self);
    await Promise.all([hook, callback, other].map((receiver) => receiver!.stop()));
  });
});

describe('an endpoint over HTTP', () => {
  let receiver: WebhookReceiver;
  let made: SecretWebhookDto;

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
    made = await endpoint({ url: receiver.url });
  });
  afterAll(() => receiver.stop());

  it('is shown without its secret', async () => {
    const { secret, ...shown } = made;
    expect(secret).toMatch(/^whsec_/);
    expect(shown).toMatchObject({ events: ['*'], description: null, enabled: true, disabled_reason: null });
    expect((await client.get<WebhookDto>(made.links.self)).body).toEqual(shown);
    const list = await client.get<WebhookListDto>(`${BASE}/webhooks?limit=1`);
    expect(list.body).toEqual({ webhooks: [shown], next_cursor: null });
  });

  it('is pinged within a moment, and an event replayed with the same id', async () => {
    const ping = await client.send<DeliveryDto>('POST', made.links.test);
    expect(ping).toMatchObject({ status: 202, body: { type: 'ping', status: 'pending' } });
    await expect.poll(() => receiver.ids).toEqual([ping.body.event_id]);
    expect(verified(receiver.received[0]!, made.secret)).toMatchObject({ type: 'ping' });
    await expect.poll(() => deliveries(made.links.deliveries)).toMatchObject([{ status: 'delivered' }]);
    const path = `${made.links.deliveries}/${ping.body.delivery_id}/replay`;
    expect((await client.send('POST', path)).status).toBe(202);
    await expect.poll(() => receiver.ids).toEqual([ping.body.event_id, ping.body.event_id]);
    await expect.poll(() => deliveries(made.links.deliveries)).toMatchObject([{ status: 'delivered', attempts: 2 }]);
  });

  it('changes what it is told to change', async () => {
    const json = { events: ['document.stored'], enabled: false };
    const changed = await client.send<WebhookDto>('PATCH', made.links.self, { json });
    expect(changed).toMatchObject({ status: 200, body: { ...json, url: receiver.url, disabled_reason: null } });
    const refused = await client.send('POST', made.links.test);
    expect(refused).toMatchObject({ status: 409, body: { code: 'webhook-disabled' } });
    expect((await client.send('PATCH', made.links.self, { json: { enabled: true } })).body).toMatchObject({
      enabled: true,
      events: ['document.stored'],
    });
  });

  it('gets a new secret, and the old one goes on for a day, or for as long as is asked', async () => {
    const day = await client.send<SecretWebhookDto>('POST', made.links.rotate);
    expect(day.status).toBe(200);
    expect(day.body.secret).not.toBe(made.secret);
    expect((Date.parse(day.body.previous_secret_until!) - Date.now()) / 3_600_000).toBeCloseTo(24, 1);
    const none = await client.send<SecretWebhookDto>('POST', made.links.rotate, { json: { overlap_seconds: 0 } });
    expect(none.body).toMatchObject({ previous_secret_until: null });
  });

  it.each([
    ['POST', '', { url: 'ftp://example.org' }, '/url'],
    ['POST', '', { url: 'https://me:pw@example.org' }, '/url'],
    ['POST', '', { events: ['*'] }, '/url'],
    ['POST', '', { url: 'https://example.org', events: ['report.started'] }, '/events'],
    ['POST', '', { url: 'https://example.org', events: [] }, '/events'],
    ['POST', '', { url: 'https://example.org', events: null }, '/events'],
    ['POST', '', { url: 'https://example.org', secret: 'mine' }, '/secret'],
    ['PATCH', 'self', { url: null }, '/url'],
    ['PATCH', 'self', { enabled: null }, '/enabled'],
    ['PATCH', 'self', { url: 'nonsense' }, '/url'],
    ['POST', 'rotate', { overlap_seconds: -1 }, '/overlap_seconds'],
    ['POST', 'rotate', { overlap_seconds: 604_801 }, '/overlap_seconds'],
  ] as const)('refuses %s %s %j', async (method, link, json, pointer) => {
    const path = link === '' ? `${BASE}/webhooks` : made.links[link];
    const { status, body } = await client.send<{ errors: { pointer: string }[] }>(method, path, { json });
    expect(status).toBe(422);
    expect(body.errors.map((error) => error.pointer)).toContain(pointer);
  });

  it('is gone when it is deleted', async () => {
    expect((await client.send('DELETE', made.links.self)).status).toBe(204);
    const paths = [made.links.self, made.links.deliveries];
    for (const path of paths) {
      expect(await client.get(path)).toMatchObject({ status: 404, body: { code: 'webhook-not-found' } });
    }
    const nobody = `${BASE}/webhook-deliveries/${made.endpoint_id}/replay`;
    expect(await client.send('POST', nobody)).toMatchObject({ status: 404, body: { code: 'delivery-not-found' } });
  });
});
