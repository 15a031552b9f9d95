import { Test, type TestingModule } from '@nestjs/testing';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { Config } from '../../src/config/config.js';
import { IntakeRetention } from '../../src/intake/intake-retention.js';
import { IntakeSweeper } from '../../src/intake/intake-worker.js';
import { OutboxRepository } from '../../src/outbox/outbox.repository.js';
import { OutboxRetention } from '../../src/outbox/outbox-retention.js';
import { DefinitionsCatalogue } from '../../src/reports/definitions-catalogue.js';
import { OrphanSweep } from '../../src/retention/orphan-sweep.js';
import { Retention } from '../../src/retention/retention.js';
import { ArtifactsRepository } from '../../src/results/artifacts.repository.js';
import { RendersQueue } from '../../src/results/renders.queue.js';
import { RunSweeper } from '../../src/runs/run-sweeper.js';
import { Scheduler } from '../../src/schedules/scheduler.js';
import { DeliveryClaimsRepository } from '../../src/webhooks/delivery-claims.repository.js';
import { WorkerModule } from '../../src/worker.module.js';
import { testConfig } from '../support/config.js';
import { createDatabase, type TestDatabase } from '../support/database.js';

const WORKERS = 4;
const ROUNDS = 5;
/** Rows of each kind that a round finds. */
const EACH = 40;
const HISTORY_SECONDS = 3600;
const LEASE_SECONDS = 600;
const NEVER = new AbortController().signal;

let database: TestDatabase;
let sql: pg.Client;
const workers: TestingModule[] = [];
/** Errors that workers log, whether or not they try again. That another one was faster is none. */
const complaints: unknown[] = [];

beforeAll(async () => {
  database = await createDatabase();
  const config = testConfig({
    DATABASE_URL: database.url,
    DATABASE_POOL_SIZE: '5',
    REDIS_URL: `${inject('redisUrl')}/14`,
    WEBHOOK_SEAL_KEY: 'a-seal-key-that-only-tests-use!!',
    RESULT_KEEP_COUNT: '1',
  });
  for (let started = 0; started < WORKERS; started += 1) {
    // Not initialised: no timer runs, and nobody takes what the sweeps hand over.
    const worker = await Test.createTestingModule({ imports: [WorkerModule] })
      .overrideProvider(Config)
      .useValue(config)
      .compile();
    workers.push(worker);
  }
  await workers[0]!.get(DefinitionsCatalogue, { strict: false }).onApplicationBootstrap();
  const ignore = () => undefined;
  const complain = (what: unknown) => typeof what === 'object' && complaints.push(what);
  workers[0]!.useLogger({
    log: ignore,
    debug: ignore,
    verbose: ignore,
    warn: complain,
    error: (...words) => complaints.push(words),
  });
  sql = new pg.Client({ connectionString: database.url });
  await sql.connect();
});
afterAll(async () => {
  await Promise.all(workers.map(async (worker) => worker.close()));
  await sql.end();
  await database.drop();
});

const MANIFEST = {
  ...{ rows: 1, bytes: 1, sha256: 'x', key: 'k', columns: [], datasets: [], parameters: {}, warnings: [] },
  ...{ definition: { name: 'due', version: 1 }, asOf: '', engine: '', source: null },
};

/** Rows of `runs` of one name, that many, and ended or begun a day ago. */
const runs = (name: string, columns: string, values: string): string => `
  INSERT INTO runs (id, owner, kind, name, definition_version, parameters, time_zone, inputs, fingerprint, timeout_seconds,
    attempt, available_at, created_at, expires_at, ${columns})
  SELECT gen_random_uuid(), 'ann', 'report', '${name}', 1, '{}', 'UTC', '[]', 'f', 60,
    1, now() - interval '1 day', now() - interval '1 day', now() + interval '1 day', ${values}
  FROM generate_series(1, ${String(EACH)})`;

/** Something to do for every sweep that a worker runs. */
const WORK = [
  runs('lost', 'status, lease_until', `'running', now() - interval '1 second'`),
  runs('lost for good', 'status, lease_until, failures', `'running', now() - interval '1 second', 99`),
  runs('cancelling', 'status, lease_until', `'cancelling', now() - interval '1 second'`),
  runs('old', 'status, finished_at', `'error', now() - interval '1 day'`),
  runs('due', 'status, finished_at, manifest', `'completed', now(), '${JSON.stringify(MANIFEST)}'`),
  `UPDATE runs SET expires_at = now() WHERE name = 'due' AND status = 'completed'`,
  `INSERT INTO artifacts (id, run_id, format, created_at)
     SELECT gen_random_uuid(), id, 'csv', now() - interval '1 hour' FROM runs WHERE name = 'lost' AND attempt = 1
     ON CONFLICT DO NOTHING`,
  `INSERT INTO outbox_events (id, owner, stream, type, data)
     SELECT gen_random_uuid(), 'ann', 'test:' || gen_random_uuid(), 'test.happened', '{}' FROM generate_series(1, ${String(EACH)})`,
  `INSERT INTO outbox_events (id, owner, stream, type, data, created_at, done_at)
     SELECT gen_random_uuid(), 'ann', 'test:old', 'test.old', '{}', now() - interval '10 years', now() FROM generate_series(1, ${String(EACH)})`,
  `WITH event AS (
     INSERT INTO outbox_events (id, owner, stream, type, data, done_at)
     SELECT gen_random_uuid(), 'ann', 'test:sent', 'test.sent', '{}', now() FROM generate_series(1, ${String(EACH)}) RETURNING id)
   INSERT INTO webhook_deliveries (id, event_id, owner, receiver, url)
     SELECT gen_random_uuid(), id, 'ann', 'https://' || id, 'https://example.org' FROM event`,
  `INSERT INTO intake_outputs (owner, message_id, "group", body, created_at)
     SELECT 'ann', gen_random_uuid(), 'g', '{}', now() - interval '10 years' FROM generate_series(1, ${String(EACH)})`,
  `INSERT INTO audit_entries (at, owner, action, resource, actor_type)
     SELECT now() - interval '20 years', 'ann', 'run.create', 'x', 'service' FROM generate_series(1, ${String(EACH)})`,
  `INSERT INTO schedules (id, owner, name, cron, time_zone, kind, body, misfire, overlap, next_at, updated_at)
     SELECT gen_random_uuid(), 'ann', gen_random_uuid(), '* * * * *', 'UTC', 'report',
       '{"report_name": "two-list-sum", "list_a": [1], "list_b": [2], "target": 3}', 'run_once', 'queue',
       date_trunc('minute', now()), now() FROM generate_series(1, ${String(EACH)})`,
];

interface Taken {
  events: string[];
  deliveries: string[];
}

/** Everything that a worker does by the clock, at the same moment. */
async function sweep(worker: TestingModule): Promise<Taken> {
  const get = <T>(type: new (...given: never[]) => T): T => worker.get(type, { strict: false });
  const limits = { after: '', streams: 64, eventsPerStream: 50, leaseSeconds: LEASE_SECONDS };
  const [claim, deliveries] = await Promise.all([
    get(OutboxRepository).claim(limits),
    get(DeliveryClaimsRepository).claim({ limit: 32, perReceiver: 4, leaseSeconds: LEASE_SECONDS }),
    get(RunSweeper).sweep(HISTORY_SECONDS),
    get(ArtifactsRepository)
      .overdue(100)
      .then(async (ids) => get(RendersQueue).enqueueMissing(ids)),
    get(OutboxRetention).sweep(NEVER),
    get(IntakeSweeper).sweep(NEVER),
    get(IntakeRetention).sweep(NEVER),
    get(Scheduler).tick(NEVER),
    get(Scheduler).sweep(HISTORY_SECONDS, NEVER),
    get(Retention).sweep(NEVER),
    get(OrphanSweep).sweep({ before: new Date(), remove: true, goesOn: () => Promise.resolve(true) }),
  ]);
  return {
    events: claim.streams.flat().map(({ event }) => event.id),
    deliveries: deliveries.map(({ id }) => id),
  };
}

async function count(query: string): Promise<Record<string, number>> {
  const { rows } = await sql.query<{ what: string; n: number }>(query);
  return Object.fromEntries(rows.map(({ what, n }) => [what, n]));
}

it('do each thing once, however many workers sweep at the same moment', async () => {
  const taken: Taken = { events: [], deliveries: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const statement of WORK) await sql.query(statement);
    await sweepAll(taken);
  }
  // What the rounds had no room for.
  for (let before = -1; before < taken.events.length + taken.deliveries.length;) {
    before = taken.events.length + taken.deliveries.length;
    await sweepAll(taken);
  }

  const all = ROUNDS * EACH;
  expect(new Set(taken.events).size).toBe(taken.events.length);
  expect(new Set(taken.deliveries).size).toBe(taken.deliveries.length);
  expect(taken.deliveries).toHaveLength(all);
  expect(
    await count(`SELECT name || ' ' || status || ' ' || attempt || ' ' || failures AS what, count(*)::int AS n
      FROM runs WHERE name <> 'two-list-sum' GROUP BY what`),
  ).toEqual({
    'lost queued 1 1': all,
    'lost for good error 1 100': all,
    'cancelling cancelled 1 0': all,
    'due expired 1 0': all,
  });
  expect(
    await count(`SELECT name || ' ' || (data->>'status') AS what, count(*)::int AS n
      FROM run_events JOIN runs ON runs.id = run_id WHERE name <> 'two-list-sum' GROUP BY what`),
  ).toEqual({ 'lost queued': all, 'lost for good error': all, 'cancelling cancelled': all, 'due expired': all });
  expect(await count('SELECT type AS what, count(*)::int AS n FROM outbox_events GROUP BY what')).toEqual({
    'report.error': all,
    'report.cancelled': all,
    'test.happened': all,
    'test.sent': all,
  });
  expect(
    await count(`SELECT outcome || ' ' || n AS what, count(*)::int AS n FROM (
      SELECT schedule_id, outcome, count(*) AS n FROM schedule_firings
      WHERE occurrence = (SELECT min(occurrence) FROM schedule_firings f WHERE f.schedule_id = schedule_firings.schedule_id)
      GROUP BY schedule_id, outcome) AS firings GROUP BY what`),
  ).toEqual({ 'started 1': all });
  expect(
    await count(`SELECT 'firings without a run of their own' AS what, (count(*) - count(DISTINCT run_id))::int AS n
      FROM schedule_firings`),
  ).toEqual({ 'firings without a run of their own': 0 });
  expect(
    await count(`SELECT 'outputs' AS what, count(*)::int AS n FROM intake_outputs
      UNION SELECT 'audit', count(*)::int FROM audit_entries WHERE at < now() - interval '1 year'`),
  ).toEqual({ outputs: 0, audit: 0 });
  expect(complaints).toEqual([]);
});

async function sweepAll(taken: Taken): Promise<void> {
  for (const { events, deliveries } of await Promise.all(workers.map(sweep))) {
    taken.events.push(...events);
    taken.deliveries.push(...deliveries);
  }
}
