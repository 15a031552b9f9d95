import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePort } from '../../src/local/free-port.js';
import { AwsSqs } from '../../src/platform/sqs/aws-sqs.js';
import type { ReceivedMessage } from '../../src/platform/sqs/sqs.js';
import { testConfig } from '../support/config.js';
import { createQueue, SQS_CREDENTIALS } from '../support/sqs.js';

for (const [name, value] of Object.entries(SQS_CREDENTIALS)) vi.stubEnv(name, value);

const never = new AbortController().signal;
const now = { waitSeconds: 0, visibilitySeconds: 30, signal: never };
const message = (id: string, group = 'g') => ({ body: `body of ${id}`, group, deduplicationId: id });

let sqs: AwsSqs;
let away: AwsSqs;
beforeAll(async () => {
  const { endpoint } = await createQueue();
  sqs = new AwsSqs(testConfig({ SQS_ENDPOINT: endpoint }));
  away = new AwsSqs(testConfig({ SQS_ENDPOINT: `http://127.0.0.1:${String(await freePort())}` }));
});
afterAll(() => {
  sqs.onApplicationShutdown();
  away.onApplicationShutdown();
});

describe('a FIFO queue', () => {
  it('gives each message once and in the order of its group', async () => {
    const { url } = await createQueue();
    for (const id of ['1', '2', '3']) await sqs.send(url, message(id));
    await sqs.send(url, message('1'));
    const received: ReceivedMessage[] = [];
    // A server may give one message of a group at a time, or several.
    for (;;) {
      const messages = await sqs.receive(url, now);
      if (messages.length === 0) break;
      received.push(...messages);
      await Promise.all(messages.map(async ({ receipt }) => sqs.remove(url, receipt)));
    }
    expect(received).toMatchObject(['1', '2', '3'].map((id) => ({ ...message(id), deliveries: 1 })));
    expect(received).toHaveLength(3);
  });

  it('gives a message again until it is removed', async () => {
    const { url } = await createQueue();
    await sqs.send(url, message('a', 'g1'));
    await sqs.send(url, message('b', 'g2'));
    const [a, b] = await sqs.receive(url, now);
    await Promise.all([sqs.remove(url, a?.receipt ?? ''), sqs.hide(url, b?.receipt ?? '', 0)]);
    expect(await sqs.receive(url, now)).toMatchObject([{ body: 'body of b', deliveries: 2 }]);
  });

  it('takes hundreds at the same moment', async () => {
    const { url, drain } = await createQueue();
    const ids = Array.from({ length: 300 }, (_, index) => String(index));
    await Promise.all(ids.map(async (id) => sqs.send(url, message(id, `g${id}`))));
    const bodies = (await drain()).map(({ Body }) => Body);
    expect(bodies.sort()).toEqual(ids.map((id) => `body of ${id}`).sort());
  });
});

describe('a standard queue', () => {
  it('has no groups and its own ids', async () => {
    const { url } = await createQueue({ standard: true });
    await sqs.send(url, message('a'));
    const [received] = await sqs.receive(url, now);
    expect(received).toMatchObject({ body: 'body of a', group: '' });
    expect(received?.deduplicationId).toMatch(/^[\da-f-]{36}$/);
  });
});

describe('waiting', () => {
  it('ends with the first message', async () => {
    const { url } = await createQueue();
    const received = sqs.receive(url, { ...now, waitSeconds: 20 });
    await sqs.send(url, message('a'));
    expect(await received).toHaveLength(1);
  });

  it('ends at once when it is aborted', async () => {
    const { url } = await createQueue();
    const controller = new AbortController();
    const received = sqs.receive(url, { ...now, waitSeconds: 20, signal: controller.signal });
    controller.abort();
    expect(await received).toEqual([]);
  });
});

describe('failures', () => {
  it('are retryable when the server or the queue is away', async () => {
    const { url } = await createQueue();
    const unavailable = { code: 'service-unavailable', retryable: true };
    await expect(away.send(url, message('a'))).rejects.toMatchObject(unavailable);
    await expect(away.receive(url, now)).rejects.toMatchObject(unavailable);
    const missing = `${url.slice(0, -5)}-missing.fifo`;
    await expect(sqs.send(missing, message('a'))).rejects.toMatchObject(unavailable);
    expect(await Promise.all([sqs.check(url), sqs.check(missing), away.check(url)])).toEqual([true, false, false]);
  });

  it('are those of one message alone', async () => {
    const { url, drain } = await createQueue();
    const [refused, ...sent] = await Promise.allSettled([
      sqs.hide(url, 'no receipt', 10),
      sqs.send(url, message('a', 'g1')),
      sqs.send(url, message('b', 'g2')),
    ]);
    expect(refused).toMatchObject({ status: 'rejected' });
    expect(sent.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
    expect(await drain()).toHaveLength(2);
  });
});
