import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { verified, WebhookReceiver } from '../support/webhook-receiver.js';
import { WebhooksApp } from '../support/webhooks-app.js';

let app: WebhooksApp;
let receiver: WebhookReceiver;

beforeAll(async () => {
  [app, receiver] = await Promise.all([WebhooksApp.start(), WebhookReceiver.start()]);
});
afterAll(async () => {
  await app.stop();
  await receiver.stop();
});
afterEach(async () => {
  await app.sql.query('DELETE FROM outbox_events');
  await app.sql.query('DELETE FROM webhook_endpoints');
  receiver.received.length = 0;
});

describe('taking an event', () => {
  it('writes a delivery for each enabled endpoint of its owner that wants it', async () => {
    const wanted = { all: ['*'], kind: ['report.*'], exact: ['export.error', 'report.completed'] };
    const unwanted = { other: ['export.*'], exact: ['report.error'] };
    for (const [name, events] of Object.entries(wanted))
      await app.endpoint(`${receiver.url}/wanted-${name}`, { events });
    for (const events of Object.values(unwanted)) await app.endpoint(`${receiver.url}/unwanted`, { events });
    await app.endpoint(`${receiver.url}/unwanted`, { enabled: false });
    await app.endpoint(`${receiver.url}/unwanted`, { owner: 'bob' });
    await app.told();
    expect(await app.send()).toBe(3);
    expect(receiver.received.map(({ path }) => path).sort()).toEqual([
      '/hook/wanted-all',
      '/hook/wanted-exact',
      '/hook/wanted-kind',
    ]);
  });

  it('tells the callback URL of the run too, without a signature', async () => {
    await app.endpoint(receiver.url, { events: ['export.*'] });
    const event = await app.told({ callbackUrl: `${receiver.url}?token=t1` });
    await app.send();
    expect(receiver.received).toHaveLength(1);
    const [{ headers, path, text }] = receiver.received as [(typeof receiver.received)[0]];
    expect(path).toBe('/hook?token=t1');
    expect(headers).toMatchObject({ 'webhook-id': event.id, 'content-type': 'application/json' });
    expect(headers['webhook-timestamp']).toMatch(/^\d{10}$/);
    expect(headers).not.toHaveProperty('webhook-signature');
    expect(JSON.parse(text)).toMatchObject({ type: 'report.completed', data: event.data });
    const [delivery] = await app.listed(null);
    expect(delivery).toMatchObject({ endpointId: null, status: 'delivered', eventId: event.id });
    expect(await app.listed(null, 'bob')).toEqual([]);
    await app.deliveries.replay({ owner: 'ann', endpointId: null }, delivery!.id);
    await app.send();
    expect(receiver.ids).toEqual([event.id, event.id]);
  });

  it('twice, or twice at once, writes nothing twice', async () => {
    const { endpoint } = await app.endpoint(receiver.url);
    const event = await app.told({ callbackUrl: receiver.url });
    await Promise.all(Array.from({ length: 5 }, () => app.sink.take(event)));
    await app.send();
    await app.webhooks.change('ann', endpoint.id, { url: `${receiver.url}/new` });
    await app.sink.take(event);
    expect(await app.send()).toBe(0);
    expect(receiver.received).toHaveLength(2);
  });
});

describe('an endpoint', () => {
  it('has a secret that is kept sealed and never shown again', async () => {
    const { endpoint, secret } = await app.endpoint(receiver.url);
    expect(secret).toMatch(/^whsec_[\w+/]{43}=$/);
    expect(JSON.stringify(await app.webhooks.get('ann', endpoint.id))).not.toContain(secret);
    const { rows } = await app.sql.query('SELECT * FROM webhook_endpoints');
    const kept = JSON.stringify(rows);
    const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
    for (const form of ['base64', 'base64url', 'hex'] as const) expect(kept).not.toContain(key.toString(form));
  });

  it('signs with the old secret too for as long as a rotation says', async () => {
    const { endpoint, secret: first } = await app.endpoint(receiver.url);
    const { secret: second, endpoint: rotated } = await app.webhooks.rotate('ann', endpoint.id, 3600);
    expect((rotated.previousUntil!.getTime() - Date.now()) / 1000).toBeCloseTo(3600, -2);
    await app.told();
    await app.send();
    const { secret: third } = await app.webhooks.rotate('ann', endpoint.id, 0);
    await app.told();
    await app.send();
    const [during, after] = receiver.received;
    for (const secret of [first, second]) verified(during!, secret);
    expect(() => verified(during!, third)).toThrow('No matching signature');
    verified(after!, third);
    for (const secret of [first, second]) expect(() => verified(after!, secret)).toThrow('No matching signature');
    expect(after?.headers['webhook-signature']).toMatch(/^\S+$/);
    expect((await app.webhooks.get('ann', endpoint.id)).previousUntil).toBeNull();
  });

  it('can be tried out by a ping, whatever its filter says, which is sent once', async () => {
    const { endpoint, secret } = await app.endpoint(receiver.url, { events: ['export.error'] });
    const ping = await app.deliveries.ping('ann', endpoint.id);
    expect(await app.send()).toBe(1);
    expect(receiver.ids).toEqual([ping.eventId]);
    expect(verified(receiver.received[0]!, secret)).toMatchObject({ type: 'ping', data: { endpoint_id: endpoint.id } });
    await app.webhooks.change('ann', endpoint.id, { url: 'http://127.0.0.1:1/' });
    await app.deliveries.ping('ann', endpoint.id);
    await app.send();
    expect((await app.listed(endpoint.id))[0]).toMatchObject({ status: 'failed', attempts: 1 });
    const { rows } = await app.sql.query('SELECT 1 FROM outbox_events WHERE done_at IS NULL');
    expect(rows).toEqual([]);
  });

  it('belongs to its owner alone', async () => {
    const { endpoint } = await app.endpoint(receiver.url);
    const { id } = endpoint;
    const missing = { code: 'webhook-not-found' };
    await expect(app.webhooks.get('bob', id)).rejects.toMatchObject(missing);
    await expect(app.webhooks.change('bob', id, { enabled: false })).rejects.toMatchObject(missing);
    await expect(app.webhooks.rotate('bob', id, 0)).rejects.toMatchObject(missing);
    await expect(app.webhooks.remove('bob', id)).rejects.toMatchObject(missing);
    await expect(app.deliveries.ping('bob', id)).rejects.toMatchObject(missing);
    await expect(app.listed(id, 'bob')).rejects.toMatchObject(missing);
    expect(await app.webhooks.get('ann', id)).toEqual(endpoint);
    await app.webhooks.remove('ann', id);
    await expect(app.webhooks.get('ann', id)).rejects.toMatchObject(missing);
  });

  it('is listed page by page', async () => {
    const made: string[] = [];
    for (let count = 0; count < 5; count += 1) made.unshift((await app.endpoint(receiver.url)).endpoint.id);
    const listed: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await app.webhooks.list('ann', { limit: 2, cursor });
      listed.push(...page.endpoints.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(listed).toEqual(made);
  });
});

describe('without the key that seals secrets', () => {
  it('there are no new endpoints, and the operator is told why', async () => {
    const keyless = await WebhooksApp.start({ WEBHOOK_SEAL_KEY: '' }, { beside: app });
    await expect(keyless.endpoint(receiver.url)).rejects.toMatchObject({
      code: 'service-unavailable',
      message: expect.stringContaining('WEBHOOK_SEAL_KEY') as string,
    });
    const { endpoint } = await app.endpoint(receiver.url);
    await app.told({ callbackUrl: receiver.url });
    expect(await keyless.send()).toBe(2);
    expect(receiver.received).toHaveLength(1);
    const [delivery] = await app.listed(endpoint.id);
    expect(delivery).toMatchObject({ status: 'pending', log: [{ status: null }] });
    expect(delivery?.log[0]?.error).toContain('WEBHOOK_SEAL_KEY');
    await keyless.app.close();
    await keyless.sql.end();
  });
});
