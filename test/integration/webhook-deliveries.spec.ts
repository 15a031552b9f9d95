import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { RetrySchedule } from '../../src/webhooks/retry-schedule.js';
import { verified, WebhookReceiver } from '../support/webhook-receiver.js';
import { WebhooksApp } from '../support/webhooks-app.js';

let app: WebhooksApp;
const receivers: WebhookReceiver[] = [];

beforeAll(async () => {
  app = await WebhooksApp.start();
});
afterAll(async () => {
  await app.stop();
});
afterEach(async () => {
  await app.sql.query('DELETE FROM outbox_events');
  await app.sql.query('DELETE FROM webhook_endpoints');
  await Promise.all(receivers.splice(0).map((receiver) => receiver.stop()));
});

async function receiving(answer?: (response: ServerResponse, count: number) => void): Promise<WebhookReceiver> {
  const receiver = await WebhookReceiver.start(answer);
  receivers.push(receiver);
  return receiver;
}

describe('an event', () => {
  it('arrives once, signed, though the receiver failed five times before', async () => {
    const receiver = await receiving((response, count) => response.writeHead(count <= 5 ? 500 : 200).end('thanks'));
    const { endpoint, secret } = await app.endpoint(receiver.url);
    const event = await app.told({ data: { report_id: 'r1', name: 'Übersicht 📈' } });
    for (let attempt = 1; attempt <= 6; attempt += 1) expect(await app.send()).toBe(1);
    expect(await app.send()).toBe(0);
    expect(receiver.ids).toEqual(Array.from({ length: 6 }, () => event.id));
    for (const webhook of receiver.received) {
      expect(verified(webhook, secret)).toEqual({
        type: 'report.completed',
        timestamp: event.createdAt.toISOString(),
        data: { report_id: 'r1', name: 'Übersicht 📈' },
      });
      const changed = webhook.text.replace('r1', 'r2');
      expect(() => verified({ ...webhook, text: changed }, secret)).toThrow('No matching signature found');
    }
    const [delivery, ...others] = await app.listed(endpoint.id);
    expect(others).toEqual([]);
    expect(delivery).toMatchObject({ eventId: event.id, status: 'delivered', attempts: 6 });
    expect(delivery?.log.map(({ status, error }) => [status, error])).toEqual([
      ...Array.from({ length: 5 }, () => [500, 'The receiver answered 500.']),
      [200, null],
    ]);
  });

  it('waits for its next attempt as long as the schedule says', async () => {
    const slow = await WebhooksApp.start({}, { beside: app, schedule: new RetrySchedule([600], () => 0) });
    const receiver = await receiving((response) => response.writeHead(500).end());
    const { endpoint } = await app.endpoint(receiver.url);
    await app.told();
    await slow.send();
    expect(await slow.send()).toBe(0);
    const [delivery] = await app.listed(endpoint.id);
    expect(delivery?.status).toBe('pending');
    expect((delivery!.nextAt.getTime() - Date.now()) / 1000).toBeCloseTo(600, -2);
    await app.sql.query('UPDATE webhook_deliveries SET next_at = now()');
    await slow.send();
    expect((await app.listed(endpoint.id))[0]).toMatchObject({ status: 'failed', attempts: 2 });
    await slow.app.close();
    await slow.sql.end();
  });

  it('is left alone for as long as a busy receiver asks', async () => {
    const receiver = await receiving((response) => response.writeHead(503, { 'retry-after': '1200' }).end());
    const { endpoint } = await app.endpoint(receiver.url);
    await app.told();
    await app.send();
    const [delivery] = await app.listed(endpoint.id);
    expect(delivery!.nextAt.getTime() - Date.now()).toBeGreaterThan(1_190_000);
  });

  it('is sent by one of two senders', async () => {
    const other = await WebhooksApp.start({}, { beside: app });
    const hooks = await Promise.all(Array.from({ length: 5 }, async () => receiving()));
    for (const { url } of hooks) await app.endpoint(url);
    for (let count = 0; count < 12; count += 1) await app.told();
    const storm = Array.from({ length: 16 }, (_, index) => (index % 2 === 0 ? app : other).sender.claim(100));
    const claims = (await Promise.all(storm)).flat();
    expect(new Set(claims.map(({ id }) => id)).size).toBe(claims.length);
    await app.sql.query('UPDATE webhook_deliveries SET next_at = now(), lease_until = NULL');
    const drain = async (one: WebhooksApp): Promise<number> => {
      let sent = 0;
      for (let idle = 0; idle < 3;) {
        const now = await one.send(3);
        sent += now;
        idle = now === 0 ? idle + 1 : 0;
      }
      return sent;
    };
    const [here, there] = await Promise.all([drain(app), drain(other)]);
    expect(here + there).toBe(60);
    expect(Math.min(here, there)).toBeGreaterThan(0);
    for (const { ids } of hooks) expect(new Set(ids).size).toBe(ids.length);
    await other.app.close();
    await other.sql.end();
  });

  it('is sent again with the same id when the sender died before it could note it, which then it cannot any more', async () => {
    const receiver = await receiving((response, count) => response.writeHead(count === 1 ? 200 : 410).end());
    const { endpoint } = await app.endpoint(receiver.url);
    const event = await app.told();
    const [dead] = await app.sender.claim(10);
    expect(await app.sender.claim(10)).toEqual([]);
    await app.sql.query(`UPDATE webhook_deliveries SET lease_until = now(), next_at = now()`);
    expect(await app.send()).toBe(1);
    await app.sender.deliver(dead!, new AbortController().signal);
    expect(receiver.ids).toEqual([event.id, event.id]);
    const [delivery] = await app.listed(endpoint.id);
    expect(delivery).toMatchObject({ status: 'delivered', attempts: 2 });
    expect(delivery?.log).toHaveLength(1);
    expect((await app.webhooks.get('ann', endpoint.id)).enabled).toBe(true);
  });

  it('is given back when the process ends, and that is no failure', async () => {
    const receiver = await receiving(() => undefined);
    const { endpoint } = await app.endpoint(receiver.url);
    await app.told();
    const [claim] = await app.sender.claim(10);
    const stop = new AbortController();
    const work = app.sender.deliver(claim!, stop.signal);
    await expect.poll(() => receiver.received.length).toBe(1);
    stop.abort();
    await work;
    expect((await app.listed(endpoint.id))[0]).toMatchObject({ status: 'pending', log: [] });
    expect(await app.sender.claim(10)).toMatchObject([{ id: claim!.id, failures: 0, attempts: 2 }]);
  });

  it('can be replayed with the id that it had', async () => {
    const receiver = await receiving();
    const { endpoint } = await app.endpoint(receiver.url);
    const event = await app.told();
    await app.send();
    const [delivery] = await app.listed(endpoint.id);
    const scope = { owner: 'ann', endpointId: endpoint.id };
    expect(await app.deliveries.replay(scope, delivery!.id)).toMatchObject({ status: 'pending', finishedAt: null });
    expect(await app.send()).toBe(1);
    expect(receiver.ids).toEqual([event.id, event.id]);
    expect((await app.listed(endpoint.id))[0]).toMatchObject({ status: 'delivered', attempts: 2 });
    for (const other of [
      { ...scope, owner: 'bob' },
      { ...scope, endpointId: null },
    ]) {
      await expect(app.deliveries.replay(other, delivery!.id)).rejects.toThrow(/There is no (delivery|webhook)/);
    }
    expect(await app.send()).toBe(0);
  });
});

describe('a receiver', () => {
  it('that is gone is told nothing more', async () => {
    const receiver = await receiving((response) => response.writeHead(410).end());
    const { endpoint } = await app.endpoint(receiver.url);
    await app.told();
    await app.told();
    expect(await app.send(1)).toBe(1);
    expect(await app.webhooks.get('ann', endpoint.id)).toMatchObject({
      enabled: false,
      disabledReason: 'It answered 410 Gone.',
    });
    expect(await app.send()).toBe(0);
    await app.told();
    expect((await app.listed(endpoint.id)).map(({ status }) => status).sort()).toEqual(['failed', 'pending']);
    await expect(app.deliveries.ping('ann', endpoint.id)).rejects.toMatchObject({ code: 'webhook-disabled' });
    const enabled = await app.webhooks.change('ann', endpoint.id, { enabled: true });
    expect(enabled).toMatchObject({ enabled: true, disabledReason: null });
    expect(await app.send()).toBe(1);
  });

  it('that is gone leaves the URL alone that its owner has given instead meanwhile', async () => {
    let answer: () => void = () => undefined;
    const receiver = await receiving((response) => (answer = () => response.writeHead(410).end()));
    const { endpoint } = await app.endpoint(receiver.url);
    await app.told();
    const sent = app.send();
    await expect.poll(() => receiver.received.length).toBe(1);
    await app.webhooks.change('ann', endpoint.id, { url: 'http://127.0.0.1:1/new' });
    answer();
    await sent;
    expect(await app.webhooks.get('ann', endpoint.id)).toMatchObject({ enabled: true, disabledReason: null });
  });

  it('leads nowhere else by a redirect', async () => {
    const target = await receiving();
    const receiver = await receiving((response) => response.writeHead(307, { location: target.url }).end());
    const { endpoint } = await app.endpoint(receiver.url);
    await app.told();
    await app.send();
    expect(target.received).toEqual([]);
    expect((await app.listed(endpoint.id))[0]).toMatchObject({
      status: 'pending',
      log: [{ status: 307, error: 'The receiver answered 307. Redirects are not followed.' }],
    });
  });

  it('that never answers is given up after its time', async () => {
    const receiver = await receiving(() => undefined);
    const { endpoint } = await app.endpoint(receiver.url);
    await app.told();
    await app.send();
    const [delivery] = await app.listed(endpoint.id);
    expect(delivery).toMatchObject({ status: 'pending', log: [{ status: null }] });
    expect(delivery?.log[0]?.error).toMatch(/gave no whole answer within 2000 ms\.$/);
    expect(delivery?.log[0]?.ms).toBeGreaterThanOrEqual(1990);
    await expect.poll(() => receiver.open).toBe(0);
  });

  it.each([
    [200, 'delivered'],
    [500, 'pending'],
  ])('that answers %i and never stops talking counts by its status', async (code, status) => {
    let written = 0;
    const receiver = await receiving((response) => {
      const more = (): void => {
        do written += 50_000;
        while (!response.destroyed && response.write(Buffer.alloc(50_000)));
      };
      response.writeHead(code).on('drain', more);
      more();
    });
    const { endpoint } = await app.endpoint(receiver.url);
    await app.told();
    await app.send();
    expect((await app.listed(endpoint.id))[0]).toMatchObject({ status, log: [{ status: code }] });
    await expect.poll(() => receiver.open).toBe(0);
    expect(written).toBeLessThan(50_000_000);
  });

  it('at a private address is refused, unless the operator allows it', async () => {
    const strict = await WebhooksApp.start({ OUTBOUND_ALLOW: '' }, { beside: app });
    const receiver = await receiving();
    const { endpoint } = await app.endpoint(receiver.url);
    await app.told();
    await strict.send();
    expect(receiver.received).toEqual([]);
    const [delivery] = await app.listed(endpoint.id);
    expect(delivery).toMatchObject({ status: 'failed', attempts: 1 });
    expect(delivery?.log[0]?.error).toContain('OUTBOUND_ALLOW');
    await strict.app.close();
    await strict.sql.end();
  });

  it('that does not answer leaves room for the others', async () => {
    const [dead, alive] = [await receiving(), await receiving()];
    await app.endpoint(dead.url, { events: ['report.*'] });
    await app.endpoint(alive.url, { events: ['export.*'] });
    for (let count = 0; count < 10; count += 1) await app.told();
    await app.told({ type: 'export.completed' });
    const claims = await app.sender.claim(8);
    expect(claims.map(({ url }) => url).sort()).toEqual(
      [alive.url, ...Array.from({ length: 4 }, () => dead.url)].sort(),
    );
    expect(await app.sender.claim(8)).toEqual([]);
  });

  it('that took nothing for days is told nothing more, but not for what failed before it was enabled', async () => {
    const { endpoint } = await app.endpoint('http://127.0.0.1:1/');
    await app.sql.query(`UPDATE webhook_endpoints SET enabled_at = now() - interval '5 days'`);
    await fail(4);
    expect((await app.webhooks.get('ann', endpoint.id)).enabled).toBe(true);
    await fail();
    const disabled = await app.webhooks.get('ann', endpoint.id);
    expect(disabled.enabled).toBe(false);
    expect(disabled.disabledReason).toMatch(/^It took nothing for 5 days/);
    await app.webhooks.change('ann', endpoint.id, { enabled: true });
    await fail();
    expect((await app.webhooks.get('ann', endpoint.id)).enabled).toBe(true);
  });

  it('that took nothing since it was enabled, which is not days ago, is told more', async () => {
    const { endpoint } = await app.endpoint('http://127.0.0.1:1/');
    await app.sql.query(`UPDATE webhook_endpoints SET enabled_at = now() - interval '4 days'`);
    await fail(6);
    expect((await app.webhooks.get('ann', endpoint.id)).enabled).toBe(true);
  });

  /** So many events that are given up with the next attempt. */
  async function fail(times = 1): Promise<void> {
    for (let count = 0; count < times; count += 1) {
      const event = await app.told();
      await app.sql.query('UPDATE webhook_deliveries SET failures = 9 WHERE event_id = $1', [event.id]);
      await app.send();
    }
  }
});
