import { expect } from 'vitest';
import type { Deployment } from './deployment.js';
import pg from 'pg';

export interface EndedRun {
  id: string;
  status: string;
  attempt: number;
  failures: number;
  rows: number;
  /** How often it was completed, by its events. */
  completions: number;
  artifacts: number;
}

/** Every run that there is, as the database has it, once all have ended. */
export async function endedRuns(deployment: Deployment, patienceMs = 60_000): Promise<EndedRun[]> {
  const sql = new pg.Client({ connectionString: deployment.databaseUrl });
  await sql.connect();
  try {
    const open = async (): Promise<number> => {
      const { rows } = await sql.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM runs WHERE status IN ('queued', 'running', 'cancelling')`,
      );
      return rows[0]?.n ?? -1;
    };
    await expect.poll(open, { timeout: patienceMs, interval: 100 }).toBe(0);
    const { rows } = await sql.query<EndedRun>(
      `SELECT id::text, status::text, attempt, failures, total_rows::int AS rows,
         (SELECT count(*)::int FROM run_events WHERE run_id = runs.id AND data->>'status' = 'completed') AS completions,
         (SELECT count(*)::int FROM artifacts WHERE run_id = runs.id) AS artifacts
       FROM runs ORDER BY created_at`,
    );
    return rows;
  } finally {
    await sql.end();
  }
}

/** All completed, once, with the rows, one artifact, and nothing in storage but that and the result, both of the last attempt. */
export async function expectAllWhole(deployment: Deployment, runs: readonly EndedRun[], rowsOf: number): Promise<void> {
  const whole = { status: 'completed', rows: rowsOf, completions: 1, artifacts: 1 };
  expect(
    runs.filter((run) => Object.entries(whole).some(([name, value]) => run[name as keyof EndedRun] !== value)),
  ).toEqual([]);
  const stored = async (): Promise<string[]> => {
    const keys = await deployment.files.keys('runs/');
    return keys.map((key) => key.replace(/[^/]+$/, (name) => name.replace(/^.*\./, ''))).sort();
  };
  const wanted = runs.flatMap(({ id, attempt }) =>
    ['csv', 'parquet'].map((type) => `runs/${id}/${String(attempt)}/${type}`),
  );
  await expect.poll(stored, { timeout: 20_000 }).toEqual(wanted.sort());
}
