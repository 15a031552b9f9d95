import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BASE, type Client } from '../support/client.js';
import { Deployment } from '../support/deployment.js';
import { createQueue, SQS_CREDENTIALS, type TestQueue } from '../support/sqs.js';

const SUM = { report_name: 'two-list-sum', list_a: [1, 2], list_b: [3], target: 5 };

let queue: TestQueue;
let deployment: Deployment;
let client: Client;

beforeAll(async () => {
  queue = await createQueue();
  const events = { SQS_ENDPOINT: queue.endpoint, EVENTS_QUEUE_URL: queue.url, ...SQS_CREDENTIALS };
  deployment = await Deployment.start({ environment: events });
  ({ client } = deployment);
});
afterAll(() => deployment.stop());

interface Told {
  type: string;
  data: { id: string; status: string; total_rows: number | null; links: Record<string, string> };
}

async function told(count: number): Promise<Told[]> {
  const messages: Told[] = [];
  const drain = async (): Promise<number> => {
    // As the tests expect it: they check what they use.
    messages.push(...(await queue.drain()).map(({ Body }) => JSON.parse(Body ?? '') as Told));
    return messages.length;
  };
  await expect.poll(drain, { timeout: 30_000, interval: 50 }).toBe(count);
  return messages;
}

describe('the queue of events', () => {
  it('is told of the end of reports, with links that lead to what they left', async () => {
    const { report_id } = await client.run(SUM);
    const [event] = await told(1);
    expect(event).toMatchObject({ type: 'report.completed', data: { id: report_id, total_rows: 1 } });
    const links = Object.values(event?.data.links ?? {});
    expect(links).toHaveLength(3);
    const answers = await Promise.all(links.map(async (link) => client.get(link)));
    expect(answers.map(({ status }) => status)).toEqual([200, 302, 200]);
  });

  it('is told of a cancel that nobody was there to tell of', async () => {
    const worker = deployment.workers[0];
    await worker?.stop();
    const { body } = await client.create(SUM);
    await client.send('POST', `${BASE}/reports/${body.report_id}/cancel`);
    await deployment.startWorker();
    expect(await told(1)).toMatchObject([{ type: 'report.cancelled', data: { id: body.report_id, total_rows: null } }]);
  });

  it('is shown with the other services', async () => {
    const { body } = await client.get<{ body: { services: Record<string, string> } }>('/health');
    expect(body.body.services[`queue:${queue.url.slice(queue.url.lastIndexOf('/') + 1)}`]).toBe('available');
  });
});

describe('a callback URL', () => {
  it('is shown with the run', async () => {
    const callback_url = 'http://127.0.0.1:1/hook';
    const { body, status } = await client.create({ ...SUM, callback_url });
    expect([status, body.callback_url]).toEqual([202, callback_url]);
    expect((await client.report(body.report_id)).callback_url).toBe(callback_url);
    expect(body.parameters).not.toHaveProperty('callback_url');
  });
});
