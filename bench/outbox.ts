import pg from 'pg';
import { setTimeout as delay } from 'node:timers/promises';
import { row, table } from './report.js';
import type { Servers } from './servers.js';

const EVENTS = 10_000;

/** A backlog of events through one worker whose owner has no receiver: what the outbox itself costs. */
export async function benchOutbox(servers: Servers): Promise<string> {
  const client = new pg.Client({ connectionString: servers.databaseUrl });
  await client.connect();
  try {
    const figures: string[] = [];
    for (const streams of [EVENTS, 100, 1]) {
      const seconds = await tell(servers, client, streams);
      figures.push(row(`${String(streams)} streams`, `${(EVENTS / seconds).toFixed(0)}/s`, `${seconds.toFixed(1)} s`));
    }
    return table(`${String(EVENTS)} events from the outbox, one worker, no receiver (throughput, time)`, figures);
  } finally {
    await client.end();
  }
}

/** Seconds from the first event that is told to the last, by the clock of the database. */
async function tell(servers: Servers, client: pg.Client, streams: number): Promise<number> {
  await client.query('TRUNCATE outbox_events CASCADE');
  await client.query(
    `INSERT INTO outbox_events (id, owner, stream, type, data)
     SELECT gen_random_uuid(), 'ann', 's' || n % $2, 'report.completed', jsonb_build_object('n', n)
     FROM generate_series(1, $1::int) AS n`,
    [EVENTS, streams],
  );
  const worker = await servers.run(['dist/worker.js'], { probe: '/health/live' });
  for (;;) {
    const { rows } = await client.query<{ open: number; seconds: number }>(
      `SELECT (count(*) FILTER (WHERE done_at IS NULL))::int AS open,
         extract(epoch FROM max(done_at) - min(done_at))::float8 AS seconds FROM outbox_events`,
    );
    const [figures] = rows;
    if (figures?.open === 0) {
      await worker.child.stop();
      return figures.seconds;
    }
    await delay(200);
  }
}
