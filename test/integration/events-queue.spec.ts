import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { anEvent, OutboxApp } from '../support/outbox-app.js';
import { createQueue, SQS_CREDENTIALS, type TestQueue } from '../support/sqs.js';

for (const [name, value] of Object.entries(SQS_CREDENTIALS)) vi.stubEnv(name, value);
const patient = { timeout: 20_000, interval: 20 };

let app: OutboxApp;
beforeAll(async () => {
  app = await OutboxApp.start(15);
});
afterEach(async () => {
  await app.stopWorkers();
});
afterAll(async () => {
  await app.stop();
});

const sendTo = async ({ url, endpoint }: TestQueue) =>
  await app.work([], { SQS_ENDPOINT: endpoint, EVENTS_QUEUE_URL: url });

describe('the queue of events', () => {
  it('gets every event as JSON, grouped by its stream', async () => {
    const queue = await createQueue();
    await sendTo(queue);
    const event = anEvent('run:1', 0);
    await app.append(event, anEvent(`group:${'ü'.repeat(200)}`, 1));
    await expect.poll(async () => app.open(), patient).toBe(0);
    const messages = await queue.drain();
    const told = messages.find(({ Attributes }) => Attributes?.MessageGroupId === 'run:1');
    expect(told?.Attributes?.MessageDeduplicationId).toBe(event.id);
    const { rows } = await app.sql.query<{ created_at: Date }>('SELECT created_at FROM outbox_events WHERE id = $1', [
      event.id,
    ]);
    const timestamp = rows[0]?.created_at.toISOString();
    expect(JSON.parse(told?.Body ?? '')).toEqual({ id: event.id, type: event.type, timestamp, data: event.data });
    const groups = messages.map(({ Attributes }) => Attributes?.MessageGroupId);
    // A name that SQS does not take stands for itself by its digest.
    expect(groups.sort()).toEqual([expect.stringMatching(/^[\da-f]{64}$/), 'run:1']);
  });

  it('gets an event once although it is told twice, and those of a stream in order', async () => {
    const queue = await createQueue();
    const worker = await sendTo(queue);
    await app.fill(60, 3);
    await app.writer.wake();
    await expect.poll(async () => app.open(), patient).toBe(0);
    await app.sql.query(`UPDATE outbox_events SET done_at = NULL WHERE stream = 's1'`);
    await app.writer.wake();
    await expect.poll(async () => app.open(), patient).toBe(0);
    await worker.close();
    // Written by `fill`.
    const bodies = (await queue.drain()).map(({ Body, Attributes }) => ({
      ...{ group: Attributes?.MessageGroupId, n: (JSON.parse(Body ?? '') as { data: { n: number } }).data.n },
    }));
    for (const stream of ['s0', 's1', 's2']) {
      const numbers = bodies.filter(({ group }) => group === stream).map(({ n }) => n);
      expect(numbers).toEqual(Array.from({ length: 20 }, (_, n) => n));
    }
  });

  it('is waited for while it is away', async () => {
    const queue = await createQueue({ standard: true });
    await app.work([], { SQS_ENDPOINT: queue.endpoint, EVENTS_QUEUE_URL: `${queue.url}-missing` });
    const event = anEvent('run:2', 0);
    await app.append(event);
    const failures = async (): Promise<unknown> => {
      const { rows } = await app.sql.query('SELECT last_error FROM outbox_events WHERE failures > 0');
      return rows;
    };
    await expect.poll(failures, patient).toMatchObject([{ last_error: expect.stringContaining('-missing') }]);
    await app.stopWorkers();
    await sendTo(queue);
    await expect.poll(async () => app.open(), patient).toBe(0);
    expect((await queue.drain()).map(({ Body }) => JSON.parse(Body ?? '') as unknown)).toMatchObject([
      { id: event.id },
    ]);
  });
});
