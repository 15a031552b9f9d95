import { expect } from 'vitest';
import type { Client } from './client.js';
import type { ServiceProcess } from './processes.js';

export const SLOW = 'slow';

/** A report that only computes: 1,000 units take a quarter of a second of two processors, and 300 rows come out. */
export async function defineSlowReport(client: Client): Promise<void> {
  await client.define({
    name: SLOW,
    parameters: { units: { type: 'integer', required: true } },
    sql: `SELECT (a.range * b.range) % 300 AS remainder, count(*) AS pairs
      FROM range(CAST($units AS BIGINT)) a, range(20000) b GROUP BY remainder ORDER BY remainder`,
  });
}

/** Some seconds: enough to do something to a worker meanwhile. */
export const SECONDS = { report_name: SLOW, units: 12_000 };
/** More than a minute on any machine. */
export const MINUTES = { report_name: SLOW, units: 1_000_000 };

/** Clock ticks of a worker after which its query is at work, and far from its end. */
const BUSY_TICKS = 30;

/** Posts a slow report and returns its id when the worker is in the middle of the query. */
export async function startedBy(worker: ServiceProcess, client: Client, request: object): Promise<string> {
  const { body } = await client.create(request);
  await client.status(body.report_id, 'running');
  const before = await worker.processorTicks();
  await expect
    .poll(() => worker.processorTicks(), { interval: 20, timeout: 30_000 })
    .toBeGreaterThan(before + BUSY_TICKS);
  return body.report_id;
}
