import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { BASE } from '../support/client.js';
import { Deployment } from '../support/deployment.js';

const SUBSCRIBERS = 1000;
/** Memory of the API process for each, garbage of the connecting included; the connection itself needs most of it. */
const MAX_KB_EACH = 150;
/** A second on a machine that does nothing else; the clients, which are all in this process, need most of it. */
const REACH_MS = 5000;

interface Message {
  id: number;
  type: string;
  data: { status: string; progress?: { queue_position: number | null } };
}

let deployment: Deployment;

beforeAll(async () => {
  // No worker: what is queued stays idle.
  deployment = await Deployment.start({ workers: 0 });
  await deployment.client.upload('rows', 'id\n1\n');
});
afterAll(() => deployment.stop());

async function createExport(): Promise<string> {
  const json = { source: { type: 'dataset', datasets: 'rows' }, format: 'csv' };
  const { status, body } = await deployment.client.send<{ export_id: string }>('POST', `${BASE}/exports`, { json });
  expect(status).toBe(202);
  return body.export_id;
}

async function cancel(id: string): Promise<void> {
  expect((await deployment.client.send('POST', `${BASE}/exports/${id}/cancel`)).status).toBe(202);
}

function connect(id: string, query = '') {
  const url = `${deployment.api.url.replace('http', 'ws')}${BASE}/exports/${id}/ws${query}`;
  const socket = new WebSocket(url, { headers: deployment.client.credential });
  const messages: Message[] = [];
  socket.on('message', (message: Buffer) => messages.push(JSON.parse(message.toString()) as Message));
  const closed = once(socket, 'close').then(([code]) => code as number);
  return { socket, messages, closed };
}

describe('the WebSocket of an export', () => {
  it('tells where it stands and how it ends, and goes on where a client left off', async () => {
    const id = await createExport();
    const { messages, closed } = connect(id);
    await expect.poll(() => messages.at(-1)?.data.progress?.queue_position, { timeout: 10_000 }).toBe(0);
    await cancel(id);
    expect(await closed).toBe(1000);
    expect(messages.map(({ id: event, type, data }) => [event, type, data.status])).toEqual([
      [1, 'status', 'queued'],
      [1, 'progress', 'queued'],
      [2, 'status', 'cancelled'],
    ]);
    const resumed = connect(id, '?last_event_id=1');
    expect(await resumed.closed).toBe(1000);
    expect(resumed.messages).toEqual(messages.slice(2));
  });

  it.each(['0197f7a0-0000-7000-8000-000000000000', 'nonsense'])('is closed with 4404 for %s', async (id) => {
    expect(await connect(id).closed).toBe(4404);
  });
});

describe(`${SUBSCRIBERS} idle subscribers`, () => {
  it.each([
    ['server-sent events', subscribeToStream],
    ['WebSockets', subscribeToSocket],
  ])('over %s cost little, and are told the end at once', async (_, subscribe) => {
    const id = await createExport();
    const before = await deployment.api.treeMemoryMb();
    const subscribers = await Promise.all(Array.from({ length: SUBSCRIBERS }, async () => subscribe(id)));
    await expect
      .poll(() => subscribers.every(({ statuses }) => statuses.includes('queued')), { timeout: 30_000 })
      .toBe(true);
    const kilobytes = (((await deployment.api.treeMemoryMb()) - before) * 1024) / SUBSCRIBERS;

    const ticks = await deployment.api.processorTicks();
    // Measures over a window of time, which is what the wait is for.
    await new Promise((resolve) => setTimeout(resolve, 10_000));
    const idle = (await deployment.api.processorTicks()) - ticks;

    const changedAt = Date.now();
    await cancel(id);
    await Promise.all(subscribers.map(({ ended }) => ended));
    const milliseconds = Date.now() - changedAt;
    expect(subscribers.every(({ statuses }) => statuses.includes('cancelled'))).toBe(true);
    expect(kilobytes).toBeLessThan(MAX_KB_EACH);
    expect(idle).toBeLessThan(100);
    expect(milliseconds).toBeLessThan(REACH_MS);
  });
});

interface Subscriber {
  statuses: string[];
  ended: Promise<unknown>;
}

function subscribeToSocket(id: string): Promise<Subscriber> {
  const { messages, closed } = connect(id);
  const subscriber = { get statuses() { return messages.map(({ data }) => data.status); }, ended: closed }; // prettier-ignore
  return Promise.resolve(subscriber);
}

async function subscribeToStream(id: string): Promise<Subscriber> {
  const request = get(`${deployment.api.url}${BASE}/exports/${id}/events`, {
    agent: false,
    headers: deployment.client.credential,
  });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return {
    get statuses() {
      return [...text.matchAll(/"status":"(\w+)"/g)].map(([, status]) => status ?? '');
    },
    ended: once(response, 'end'),
  };
}
