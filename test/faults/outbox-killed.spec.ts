import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Deployment } from '../support/deployment.js';
import { createQueue, SQS_CREDENTIALS, type TestQueue } from '../support/sqs.js';

const EVENTS = 1000;
const STREAMS = 10;

let queue: TestQueue;
let deployment: Deployment;
let sql: pg.Client;

beforeAll(async () => {
  queue = await createQueue();
  const events = { SQS_ENDPOINT: queue.endpoint, EVENTS_QUEUE_URL: queue.url, ...SQS_CREDENTIALS };
  deployment = await Deployment.start({ workers: 0, environment: { RUN_LEASE_SECONDS: '2', ...events } });
  sql = new pg.Client({ connectionString: deployment.databaseUrl });
  await sql.connect();
});
afterAll(async () => {
  await sql.end();
  await deployment.stop();
});

async function open(): Promise<number> {
  const { rows } = await sql.query<{ n: number }>('SELECT count(*)::int AS n FROM outbox_events WHERE done_at IS NULL');
  return rows[0]?.n ?? -1;
}

describe('workers that are killed while they tell events', () => {
  it('lose none and tell each once, in order, to a queue that knows repetitions', async () => {
    await sql.query(
      `INSERT INTO outbox_events (id, owner, stream, type, data)
       SELECT gen_random_uuid(), 'ann', 's' || n % $2, 'report.completed', jsonb_build_object('n', n / $2)
       FROM generate_series(0, $1::int - 1) AS n ORDER BY n`,
      [EVENTS, STREAMS],
    );
    for (const left of [EVENTS - 100, EVENTS - 400]) {
      const worker = await deployment.startWorker();
      await expect.poll(open, { timeout: 30_000, interval: 2 }).toBeLessThan(left);
      await worker.kill();
      expect(await open()).toBeGreaterThan(0);
    }
    await deployment.startWorker();
    await expect.poll(open, { timeout: 30_000, interval: 50 }).toBe(0);

    // Written above.
    const told = (await queue.drain()).map(({ Body, Attributes }) => ({
      ...{ stream: Attributes?.MessageGroupId, n: (JSON.parse(Body ?? '') as { data: { n: number } }).data.n },
    }));
    expect(told).toHaveLength(EVENTS);
    for (const stream of new Set(told.map((event) => event.stream))) {
      const numbers = told.filter((event) => event.stream === stream).map(({ n }) => n);
      expect(numbers).toEqual(Array.from({ length: EVENTS / STREAMS }, (_, n) => n));
    }
  });
});
