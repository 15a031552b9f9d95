import type { Client } from './client.js';

export const SLOW = 'slow';

/** A report that only computes: 1,000 units take about half a second of two processors, and 300 of its rows come out. */
export async function defineSlowReport(client: Client): Promise<void> {
  await client.define({
    name: SLOW,
    parameters: { units: { type: 'integer', required: true } },
    sql: `SELECT (a.range * b.range) % 300 AS remainder, count(*) AS pairs
      FROM range(CAST($units AS BIGINT)) a, range(20000) b GROUP BY remainder ORDER BY remainder`,
  });
}

/** Some seconds: enough to do something to a worker meanwhile. */
export const SECONDS = { report_name: SLOW, units: 6000 };
/** More than a minute on any machine. */
export const MINUTES = { report_name: SLOW, units: 1_000_000 };
