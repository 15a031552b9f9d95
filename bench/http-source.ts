import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { median, row, table } from './report.js';
import { CREDENTIAL, type Servers } from './servers.js';

const PAGES = 1000;
const PER_PAGE = 1000;
/** exceljs writes a workbook so slowly that a part of the pages says enough. */
const XLSX_PAGES = 100;
const RUNS = 3;
const TARGET = 3;
const CONCURRENCY = 8;
const LATENCIES_MS = [0, 10];
const run = promisify(execFile);

type Format = 'csv' | 'xlsx';

/** An export of pages over HTTP, from its request to a file to download, beside a script that one would write by hand. */
export async function benchHttpSource(servers: Servers): Promise<string> {
  const env = {
    ...{ OUTBOUND_ALLOW: '127.0.0.1', WAIT_CAP_SECONDS: '120' },
    ...{ UPSTREAM_PAGES: String(PAGES), UPSTREAM_PER_PAGE: String(PER_PAGE) },
  };
  const upstream = await servers.run(['scripts/run-typescript.ts', 'bench/paged-upstream.ts'], {
    probe: '/records?page=0',
    env,
  });
  const api = await servers.run(['dist/main.js'], { probe: '/health/ready', env });
  const worker = await servers.run(['dist/worker.js'], { probe: '/health/ready', env });
  const lines: string[] = [];
  for (const latency of LATENCIES_MS) {
    const url = `${upstream.url}/records?delay=${String(latency)}`;
    for (const format of ['csv', 'xlsx'] as const) {
      lines.push(...(await compare(servers, { api: api.url, url, latency, format })));
    }
  }
  for (const { child } of [worker, api, upstream]) await child.stop();
  return table(
    `HTTP source: ${PAGES} pages x ${PER_PAGE} records x 8 fields, rows per second, median of ${RUNS}`,
    lines,
  );
}

interface Case {
  api: string;
  url: string;
  latency: number;
  format: Format;
}

async function compare(servers: Servers, { api, url, latency, format }: Case): Promise<string[]> {
  const ours: number[] = [];
  const plain: number[] = [];
  for (let index = 0; index < RUNS; index += 1) {
    ours.push((PAGES * PER_PAGE) / (await exported(api, url, format)));
    const pages = format === 'csv' ? PAGES : XLSX_PAGES;
    plain.push((pages * PER_PAGE) / (await scripted(servers, { url, format, pages })));
  }
  const ratio = median(ours) / median(plain);
  return [
    row(`${format}, ${latency} ms latency: export`, `${(median(ours) * 1000).toFixed(0)}/s`),
    row(`  fetch + JSON.parse + exceljs's ${format} writer`, `${(median(plain) * 1000).toFixed(0)}/s`),
    row(`  ratio (at least ${TARGET})`, ratio.toFixed(2)),
  ];
}

/** Milliseconds from the request to the first byte of the file. */
async function exported(api: string, url: string, format: Format): Promise<number> {
  const startedAt = performance.now();
  const created = await fetch(`${api}/api/v1/exports?wait=120&page_size=1`, {
    method: 'POST',
    headers: { ...CREDENTIAL, 'Content-Type': 'application/json' },
    body: JSON.stringify({
      source: {
        ...{ type: 'http', url, records_path: 'items', concurrency: CONCURRENCY },
        pagination: { type: 'page', total_path: 'total' },
      },
      format,
    }),
  });
  const answer = (await created.json()) as { status: string; export_id: string; total_rows: number };
  if (answer.status !== 'completed' || answer.total_rows !== PAGES * PER_PAGE) throw new Error(JSON.stringify(answer));
  const file = await fetch(`${api}/api/v1/exports/${answer.export_id}/download`, { headers: CREDENTIAL });
  if (!file.ok) throw new Error(await file.text());
  await file.body?.cancel();
  return performance.now() - startedAt;
}

/** Milliseconds that the script says it took, without the start of its process. */
async function scripted(
  { folder }: Servers,
  { url, format, pages }: { url: string; format: Format; pages: number },
): Promise<number> {
  const file = join(folder, `plain.${format}`);
  const args = ['scripts/run-typescript.ts', 'bench/plain-script.ts', format, url, String(pages), file];
  const { stdout } = await run(process.execPath, args);
  if ((await stat(file)).size === 0) throw new Error('The script has written nothing.');
  return (JSON.parse(stdout) as { ms: number }).ms;
}
