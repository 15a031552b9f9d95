import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { BASE } from '../support/client.js';
import { Deployment } from '../support/deployment.js';
import { Halt } from '../support/halt.js';
import { tell } from '../support/figures.js';
import type { ServiceProcess } from '../support/processes.js';
import { SlowProxy } from '../support/slow-proxy.js';

/** 13 MB of CSV: to render it takes long enough to be killed meanwhile. */
const ROWS = 200_000;
const SLOW_BYTES_PER_SECOND = 128 * 1024;
const EXPECTED = [
  'id,hash',
  ...Array.from({ length: ROWS }, (_, id) => `${String(id)},${createHash('sha256').update(String(id)).digest('hex')}`),
  '',
].join('\n');

const REQUESTS = {
  reports: { report_name: 'hashes', format: 'csv' },
  exports: { source: { type: 'dataset', datasets: 'hashes' }, format: 'csv' },
};
type Resource = keyof typeof REQUESTS;

/** Several starts of a worker on a busy machine. */
vi.setConfig({ testTimeout: 120_000 });

let deployment: Deployment;
let proxy: SlowProxy;
let sql: pg.Client;
/** The one that lives: it takes what the one before left, and then dies of the next case. */
let worker: ServiceProcess;

beforeAll(async () => {
  deployment = await Deployment.start({
    storage: 's3',
    workers: 0,
    environment: { RUN_LEASE_SECONDS: '2', RUN_SWEEP_SECONDS: '1', RUN_RETRY_DELAY_SECONDS: '1' },
  });
  proxy = await SlowProxy.start(deployment.files.recorder!.endpoint);
  sql = new pg.Client({ connectionString: deployment.databaseUrl });
  await sql.connect();
  await deployment.client.upload('hashes', EXPECTED);
  await deployment.client.define({
    name: 'hashes',
    sql: `SELECT range AS id, sha256(CAST(range AS VARCHAR)) AS hash FROM range(${String(ROWS)})`,
  });
  worker = await deployment.startWorker({ S3_ENDPOINT: proxy.url });
});
afterAll(async () => {
  await sql.end();
  await deployment.stop();
  await proxy.stop();
});

describe.each(['reports', 'exports'] as const)('a worker of %s that is killed', (resource) => {
  it.each([
    ['when it has just claimed', 'running', 'done', 2],
    ['between the upload and the end', 'completed', 'lost', 2],
    ['while the end is written', 'completed', 'done', 1],
  ] as const)('%s leaves one whole run', async (...phase) => expectWholeAfter(resource, phase));

  it('while it renders leaves one whole run', async () => {
    const id = await create(resource);
    const file = await rendering();
    await worker.kill();
    expect((await stat(file)).size).toBeLessThan(EXPECTED.length);
    await expectWhole(resource, { id, attempt: 2, phase: 'while it renders' });
  });

  it('while it uploads leaves one whole run', async () => {
    proxy.bytesPerSecond = SLOW_BYTES_PER_SECOND;
    const id = await create(resource);
    await phaseIs(id, 'upload');
    await worker.kill();
    expect(await typesOf(id)).toEqual([]);
    proxy.mend();
    await expectWhole(resource, { id, attempt: 2, phase: 'while it uploads' });
  });
});

it('a worker that is killed with the job in hand, before its claim is made, leaves one whole run', async () => {
  await expectWholeAfter('reports', ['before the claim is made', 'running', 'lost', 1]);
});

async function expectWholeAfter(
  resource: Resource,
  [phase, status, outcome, attempt]: readonly [string, 'running' | 'completed', 'lost' | 'done', number],
): Promise<void> {
  const halt = await Halt.at(deployment.databaseUrl, status);
  const id = await create(resource);
  await halt.reached();
  expect(await typesOf(id)).toEqual(status === 'completed' ? ['csv', 'parquet'] : []);
  await worker.kill();
  await halt.end(outcome);
  await expectWhole(resource, { id, attempt, phase });
}

async function create(resource: Resource): Promise<string> {
  const { body } = await deployment.client.send<{ report_id?: string; export_id?: string }>(
    'POST',
    `${BASE}/${resource}`,
    { json: REQUESTS[resource] },
  );
  return (body.report_id ?? body.export_id)!;
}

/** The file that the worker has begun to render. */
async function rendering(): Promise<string> {
  for (;;) {
    const file = (await worker.filesOfAttempts()).find((name) => name.endsWith('.csv'));
    if (file !== undefined) return file;
    await new Promise(setImmediate);
  }
}

async function phaseIs(id: string, phase: string): Promise<void> {
  const current = async () => {
    const { rows } = await sql.query<{ phase: string }>(`SELECT progress->>'phase' AS phase FROM runs WHERE id = $1`, [
      id,
    ]);
    return rows[0]?.phase;
  };
  await expect.poll(current, { interval: 20, timeout: 60_000 }).toBe(phase);
}

/** Kinds of files that storage has of a run. */
async function typesOf(id: string): Promise<string[]> {
  const keys = await deployment.files.keys(`runs/${id}/`);
  return keys.map((key) => key.replace(/^.*\./, '')).sort();
}

/** Another worker brings the run to its end: once, with every row, and with no file in storage that no row names. */
async function expectWhole(
  resource: Resource,
  { id, attempt, phase }: { id: string; attempt: number; phase: string },
): Promise<void> {
  const killedAt = Date.now();
  worker = await deployment.startWorker({ S3_ENDPOINT: proxy.url });
  const ended = async () =>
    (await sql.query('SELECT FROM runs WHERE id = $1 AND finished_at IS NOT NULL', [id])).rowCount;
  await expect.poll(ended, { interval: 50, timeout: 60_000 }).toBe(1);
  const ms = Date.now() - killedAt;
  const { rows } = await sql.query(
    `SELECT status::text, attempt, total_rows::int AS rows,
       (SELECT count(*)::int FROM artifacts WHERE run_id = runs.id) AS artifacts,
       (SELECT count(*)::int FROM run_events WHERE run_id = runs.id AND data->>'status' = 'completed') AS completions,
       (SELECT count(*)::int FROM outbox_events WHERE stream = 'run:' || runs.id AND type LIKE '%.completed') AS told
     FROM runs WHERE id = $1`,
    [id],
  );
  expect(rows).toEqual([{ status: 'completed', attempt, rows: ROWS, artifacts: 1, completions: 1, told: 1 }]);
  const { bytes } = await deployment.client.file(`${BASE}/${resource}/${id}/download`);
  expect(bytes.toString().replaceAll('\r', '') === EXPECTED).toBe(true);
  const named = await sql.query<{ key: string }>(
    `SELECT manifest->>'key' AS key FROM runs UNION SELECT key FROM artifacts UNION SELECT key FROM dataset_versions`,
  );
  const keys = named.rows.map(({ key }) => key).sort();
  await expect.poll(() => deployment.files.keys(''), { timeout: 20_000 }).toEqual(keys);
  tell(`${resource}: killed ${phase}`, { attempt, ms });
}
