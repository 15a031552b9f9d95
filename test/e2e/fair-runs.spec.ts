import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BASE } from '../support/client.js';
import { Deployment } from '../support/deployment.js';
import { defineSlowReport, MINUTES, SLOW } from '../support/slow-report.js';

const SUM = { report_name: 'two-list-sum', list_a: [1], list_b: [2], target: 3 };

let deployment: Deployment;
let sql: pg.Client;

beforeAll(async () => {
  deployment = await Deployment.start({ workers: 0 });
  await defineSlowReport(deployment.client);
  sql = new pg.Client({ connectionString: deployment.databaseUrl });
  await sql.connect();
});
afterAll(async () => {
  await sql.end();
  await deployment.stop();
});

it('a first report runs at once, whatever another owner has waiting and however long that takes', async () => {
  const { client } = deployment;
  const { body: slow } = await client.create(MINUTES);
  // Ten thousand copies of it, older than what comes next, of an owner whose runs of that name take two hours.
  await sql.query(
    `INSERT INTO definitions (id, owner, name, version, origin, hash, body)
     SELECT gen_random_uuid(), 'other', name, version, origin, hash, body FROM definitions WHERE name = $1`,
    [SLOW],
  );
  await sql.query(
    `INSERT INTO runs (id, owner, kind, name, definition_version, parameters, format, format_options, time_zone, inputs, fingerprint,
       timeout_seconds, long_run, created_at, available_at, expires_at)
     SELECT gen_random_uuid(), 'other', kind, name, definition_version, parameters, format, format_options, time_zone, inputs,
       fingerprint, timeout_seconds, true, created_at, available_at, expires_at
     FROM runs, generate_series(1, 10000) WHERE id = $1`,
    [slow.report_id],
  );
  await client.send('POST', `${BASE}/reports/${slow.report_id}/cancel`);
  const worker = await deployment.startWorker();
  await expect.poll(statesOfOther, { timeout: 30_000 }).toEqual({ queued: 9999, running: 1 });
  const { body: first } = await client.create(SUM);
  expect(await client.ended(first.report_id)).toMatchObject({ status: 'completed', attempt: 1 });
  expect(await statesOfOther()).toEqual({ queued: 9999, running: 1 });
  await worker.kill();
});

async function statesOfOther(): Promise<Record<string, number>> {
  const { rows } = await sql.query<{ status: string; count: number }>(
    `SELECT status, count(*)::int FROM runs WHERE owner = 'other' GROUP BY status`,
  );
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
}
