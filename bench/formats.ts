import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { median, row, table } from './report.js';
import type { Servers } from './servers.js';

const run = promisify(execFile);
const CHILD = join(import.meta.dirname, 'format-child.ts');

const ROWS = 1_000_000;
const MANY_ROWS = 10_000_000;
/** Rows per second of a format, as a part of the engine's own COPY. */
const LEAST_OF_COPY = 0.85;
/** Rows per second of XLSX, as a multiple of exceljs's. */
const LEAST_OF_EXCELJS = 5;
/** Peak memory with ten times as many rows, as a multiple. */
const MOST_GROWTH = 1.3;
const COPIED = ['csv', 'json', 'ndjson', 'parquet'];
const ALL = [...COPIED, 'xlsx', 'zip'];

/** Every format beside what could be had without us, and its memory. Fails the process when a bound is missed. */
export async function benchFormats({ folder }: Servers): Promise<string> {
  const directory = join(folder, 'formats');
  const missed: string[] = [];
  const check = (name: string, holds: boolean): string => {
    if (!holds) missed.push(name);
    return holds ? '' : 'MISSED';
  };
  await child('make', directory, 'some.parquet', String(ROWS));
  await child('make', directory, 'many.parquet', String(MANY_ROWS));
  const lines = [
    ...(await speeds(directory, check)),
    '',
    ...(await compressed(directory)),
    '',
    ...(await memory(directory, check)),
  ];
  if (missed.length > 0) process.exitCode = 1;
  return table(`Formats: ${String(ROWS)} rows x 8 columns, 256 MB, 2 threads, median of 3`, lines);
}

type Check = (name: string, holds: boolean) => string;

async function speeds(directory: string, check: Check): Promise<string[]> {
  const lines = [row('', 'rows/s', 'without us', 'ratio', 'at least')];
  for (const format of COPIED) {
    const { ours, bare } = await child<{ ours: number[]; bare: number[] }>('beside', directory, 'some.parquet', format);
    const ratio = median(bare) / median(ours);
    const verdict = check(format, ratio >= LEAST_OF_COPY);
    const rates = [ROWS / median(ours), ROWS / median(bare)].map(thousands);
    lines.push(row(`${format} (COPY)`, ...rates, ratio.toFixed(2), `${String(LEAST_OF_COPY)} ${verdict}`));
  }
  const xlsx = await child<{ ours: number[]; theirs: number[] }>('besideExcelJs', directory, 'some.parquet');
  const ratio = median(xlsx.ours) / median(xlsx.theirs);
  const verdict = check('xlsx', ratio >= LEAST_OF_EXCELJS);
  const rates = [median(xlsx.ours), median(xlsx.theirs)].map(thousands);
  lines.push(row('xlsx (exceljs, streaming)', ...rates, ratio.toFixed(2), `${String(LEAST_OF_EXCELJS)} ${verdict}`));
  return lines;
}

async function compressed(directory: string): Promise<string[]> {
  const zip = await child<Alone>('alone', directory, 'some.parquet', 'zip');
  const gzip = await child<Alone>('alone', directory, 'some.parquet', 'csv', '{"gzip":true}');
  const show = (name: string, { seconds, bytes }: Alone): string =>
    row(name, thousands(ROWS / seconds), `${(bytes / 1e6).toFixed(1)} MB`);
  return [row('', 'rows/s', 'size'), show('zip of csv', zip), show('csv, gzip', gzip)];
}

async function memory(directory: string, check: Check): Promise<string[]> {
  const lines = [row('peak memory', '1 M rows', '10 M rows', 'ratio', 'at most')];
  for (const format of ALL) {
    const some = await child<Alone>('alone', directory, 'some.parquet', format);
    const many = await child<Alone>('alone', directory, 'many.parquet', format);
    const ratio = many.peak / some.peak;
    const verdict = check(`memory of ${format}`, ratio <= MOST_GROWTH);
    const peaks = [some, many].map(({ peak }) => `${peak.toFixed(0)} MB`);
    lines.push(row(format, ...peaks, ratio.toFixed(2), `${String(MOST_GROWTH)} ${verdict}`));
  }
  return lines;
}

interface Alone {
  seconds: number;
  bytes: number;
  peak: number;
}

const thousands = (perSecond: number): string => `${(perSecond / 1000).toFixed(0)} k`;

/** What a process of its own answers. */
async function child<T>(work: string, ...args: readonly string[]): Promise<T> {
  const { stdout } = await run(process.execPath, ['--disable-warning=ExperimentalWarning', CHILD, work, ...args]);
  return JSON.parse(stdout) as T;
}
