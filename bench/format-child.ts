import { DuckDBInstance } from '@duckdb/node-api';
import ExcelJS from 'exceljs';
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as Formats from '../src/formats/formats.js';
import type * as DuckDbOpen from '../src/platform/query-engine/duckdb-open.js';
import type * as ResultColumns from '../src/results/result-columns.js';

// Run by Node alone, from the built code: neither the compiler's time nor its memory is of interest here.
const require = createRequire(import.meta.url);
const { FORMATS } = require('../dist/formats/formats.js') as typeof Formats;
const { openDuckDb } = require('../dist/platform/query-engine/duckdb-open.js') as typeof DuckDbOpen;
const { describeColumns } = require('../dist/results/result-columns.js') as typeof ResultColumns;

type Name = keyof typeof FORMATS;

const RUNS = 3;
const EXCELJS_ROWS = 100_000;
const LIMITS = { memoryMb: 256, threads: 2, spillMb: 10_240 };
/** The same options that a format asks for, and nothing done to the values. */
const BARE: Partial<Record<Name, string>> = {
  csv: 'FORMAT csv, HEADER true',
  json: 'FORMAT json, ARRAY true',
  ndjson: 'FORMAT json, ARRAY false',
  parquet: 'FORMAT parquet, COMPRESSION zstd',
};

/** Eight columns: bigint, two texts, double, decimal, boolean, date and timestamp; one text in 16 has a `&`. */
const rowsOf = (rows: number): string => `SELECT i AS id, 'Customer ' || hash(i) % 100_000 AS customer,
  'order ' || hash(i + 1) % 1_000_000 || CASE WHEN i % 16 = 0 THEN ' & return' ELSE ' by post' END AS note,
  hash(i + 2) % 1_000_000 / 997.0 AS ratio, (hash(i + 3) % 100_000_000 / 1000)::DECIMAL(18,3) AS price,
  hash(i + 4) % 2 = 0 AS paid, DATE '2020-01-01' + (hash(i + 5) % 2000)::INTEGER AS day,
  TIMESTAMP '2020-01-01' + to_milliseconds((hash(i + 6) % 100_000_000_000)::BIGINT) AS moment FROM range(${String(rows)}) t(i)`;

const [, , work = '', directory = '', ...rest] = process.argv;
await mkdir(directory, { recursive: true });
const session = await openDuckDb({ directory, limits: LIMITS });
const [file = '', detail = '', options = '{}'] = rest;
const WORK: Record<string, () => Promise<unknown>> = {
  make: async () => session.materialize(rowsOf(Number(detail)), join(directory, file)),
  // The parent process names formats of `FORMATS`.
  beside: async () => beside(detail as Name),
  besideExcelJs,
  alone: async () => alone(detail as Name),
};
try {
  console.log(JSON.stringify(await WORK[work]?.()));
} finally {
  await session.close();
}

/** Seconds of ours and of a bare COPY, in turn. */
async function beside(format: Name): Promise<{ ours: number[]; bare: number[] }> {
  const render = await renderer();
  const target = join(directory, 'bare.out');
  const copy = async (): Promise<void> => {
    await session.query(`COPY (SELECT * FROM result) TO '${target}' (${BARE[format] ?? ''})`);
  };
  await render(format);
  await copy();
  const [ours, bare]: [number[], number[]] = [[], []];
  for (let i = 0; i < RUNS; i += 1) {
    ours.push(await seconds(async () => render(format)));
    bare.push(await seconds(copy));
  }
  await rm(target);
  return { ours, bare };
}

/** Rows per second of our XLSX and of exceljs's, in turn. */
async function besideExcelJs(): Promise<{ ours: number[]; theirs: number[] }> {
  const render = await renderer();
  const [ours, theirs]: [number[], number[]] = [[], []];
  let rows = await render('xlsx');
  for (let i = 0; i < RUNS; i += 1) {
    ours.push(rows / (await seconds(async () => (rows = await render('xlsx')))));
    theirs.push(EXCELJS_ROWS / (await seconds(async () => excelJs())));
  }
  return { ours, theirs };
}

/** A first part of the rows, with what exceljs can do at its fastest: as they come from the engine, no styles. */
async function excelJs(): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { threads: String(LIMITS.threads) });
  const connection = await instance.connect();
  const rows = await connection.stream(`FROM '${join(directory, file)}' LIMIT ${String(EXCELJS_ROWS)}`);
  const filename = join(directory, 'exceljs.xlsx');
  const workbook = new ExcelJS.stream.xlsx.WorkbookWriter({ filename, useStyles: false, useSharedStrings: false });
  const sheet = workbook.addWorksheet('Sheet1');
  sheet.addRow(rows.columnNames()).commit();
  for await (const some of rows.yieldRowsJs()) {
    for (const row of some) {
      sheet.addRow(row.map((value) => (typeof value === 'bigint' ? Number(value) : value))).commit();
    }
  }
  await workbook.commit();
  connection.closeSync();
  instance.closeSync();
  await rm(filename);
}

/** One render in a process of its own: seconds, bytes and the most memory that was resident, in MB (Linux). */
async function alone(format: Name): Promise<{ seconds: number; bytes: number; peak: number }> {
  const render = await renderer();
  const taken = await seconds(async () => render(format));
  const { size } = await stat(join(directory, `out.${format}`));
  const status = await readFile('/proc/self/status', 'utf8');
  return { seconds: taken, bytes: size, peak: Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1000 };
}

async function renderer(): Promise<(format: Name) => Promise<number>> {
  await session.relate('result', join(directory, file));
  const columns = await describeColumns(session, 'result');
  return async (format) => {
    const job = {
      session,
      table: 'result',
      columns,
      modified: new Date(0),
      baseName: 'bench',
      options: JSON.parse(options) as object,
    };
    const { rows } = await FORMATS[format].render({ ...job, file: join(directory, `out.${format}`) });
    return rows;
  };
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
