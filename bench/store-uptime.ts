import { DuckDBInstance } from '@duckdb/node-api';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { businessHours, storeStatus, timezones } from '../src/local/demo-stores.js';
import { MACROS } from '../src/platform/query-engine/macros.js';
import { parseDefinitionFile } from '../src/reports/definition-file.js';
import { CREDENTIAL, type Servers } from './servers.js';
import { median, row, table } from './report.js';

const RUNS = 5;
const STORES = 14_000;
const POLLS = 2_000_000;
const DATA = { stores: STORES, polls: POLLS, endsAt: new Date('2026-01-25T18:00:00Z'), days: 7 };
const TARGET = 1.5;
const CATALOGUE = join(import.meta.dirname, '../catalogue');

/** Create-to-downloadable time of store-uptime beside the bare query and COPY on the same files, in turn. */
export async function benchStoreUptime(servers: Servers): Promise<string> {
  const api = await servers.run(['dist/main.js'], { probe: '/health/ready' });
  const worker = await servers.run(['dist/worker.js'], { probe: '/health/ready' });
  await upload(api.url, 'store_status', storeStatus(DATA));
  await upload(api.url, 'business_hours', businessHours(DATA));
  await upload(api.url, 'timezones', timezones(DATA));
  const files = await datasetFiles(servers.folder, api.url);
  await whole(api.url);
  await bare(servers.folder, files);
  const ours: number[] = [];
  const bares: number[] = [];
  for (let i = 0; i < RUNS; i += 1) {
    ours.push(await timed(async () => whole(api.url)));
    bares.push(await timed(async () => bare(servers.folder, files)));
  }
  const peak = await peakMemory(worker.child.pid);
  await worker.child.stop();
  await api.child.stop();
  const ratio = median(ours) / median(bares);
  return table(`store-uptime: ${String(POLLS)} polls, ${String(STORES)} stores, median of ${String(RUNS)}`, [
    row('create to downloadable CSV', `${median(ours).toFixed(0)} ms`),
    row('bare DuckDB query + COPY to CSV', `${median(bares).toFixed(0)} ms`),
    row(`ratio (at most ${String(TARGET)})`, ratio.toFixed(2)),
    row('worker, peak resident memory', `${peak.toFixed(0)} MB`),
  ]);
}

async function upload(api: string, name: string, chunks: Iterable<string>): Promise<void> {
  const response = await fetch(`${api}/api/v1/datasets/${name}/content`, {
    method: 'PUT',
    headers: { ...CREDENTIAL, 'Content-Type': 'text/csv' },
    body: Readable.toWeb(Readable.from(chunks, { objectMode: false })),
    duplex: 'half',
  });
  if (!response.ok) throw new Error(`${name}: ${await response.text()}`);
}

/** From the request to the first byte of a file that can be fetched; the bytes themselves are not timed. */
async function whole(api: string): Promise<void> {
  const created = await fetch(`${api}/api/v1/reports?wait=60&page_size=1`, {
    method: 'POST',
    headers: { ...CREDENTIAL, 'Content-Type': 'application/json' },
    body: JSON.stringify({ report_name: 'store-uptime', format: 'csv' }),
  });
  const run = (await created.json()) as { status: string; report_id: string; total_rows: number };
  if (run.status !== 'completed' || run.total_rows !== STORES) throw new Error(JSON.stringify(run));
  const file = await fetch(`${api}/api/v1/reports/${run.report_id}/download`, { headers: CREDENTIAL });
  if (!file.ok) throw new Error(await file.text());
  await file.body?.cancel();
}

/** The Parquet files of the datasets, as they lie in storage. */
async function datasetFiles(folder: string, api: string): Promise<Map<string, string>> {
  const root = join(folder, 'storage', 'datasets');
  const paths = (await readdir(root, { recursive: true })).filter((path) => path.endsWith('.parquet'));
  const files = new Map<string, string>();
  for (const name of ['store_status', 'business_hours', 'timezones']) {
    const response = await fetch(`${api}/api/v1/datasets/${name}`, { headers: CREDENTIAL });
    const { current } = (await response.json()) as { current: { bytes: number } };
    for (const path of paths) {
      const bytes = (await readFile(join(root, path))).length;
      if (bytes === current.bytes) files.set(name, join(root, path));
    }
  }
  return files;
}

/** What the engine needs for the same rows: the same SQL, limits and files, and one COPY. */
async function bare(folder: string, files: Map<string, string>): Promise<void> {
  const name = 'store-uptime.sql';
  const { sql } = parseDefinitionFile(await readFile(join(CATALOGUE, name), 'utf8'), name);
  const directory = join(folder, 'bare');
  await mkdir(directory, { recursive: true });
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: '256MB',
    threads: '2',
    temp_directory: directory,
  });
  const connection = await instance.connect();
  for (const macro of MACROS) await connection.run(macro);
  await connection.run(`SET TimeZone = 'UTC'`);
  for (const [view, file] of files) await connection.run(`CREATE VIEW ${view} AS FROM read_parquet('${file}')`);
  const prepared = await connection.prepare(`COPY (${sql ?? ''}) TO '${join(directory, 'out.csv')}' (FORMAT csv)`);
  for (let index = 1; index <= prepared.parameterCount; index += 1) {
    if (prepared.parameterName(index) === 'interpolation') prepared.bindVarchar(index, 'in_hours');
    else prepared.bindNull(index);
  }
  await prepared.run();
  connection.closeSync();
  instance.closeSync();
  await rm(directory, { recursive: true });
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Highest resident memory of a process so far, in MB (Linux). */
async function peakMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? NaN) / 1000;
}
