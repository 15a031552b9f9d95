import { parse } from 'csv-parse/sync';
import { createHash, randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { SeededRandom } from '../../src/local/demo-random.js';
import { BASE, type Client } from './client.js';
import { STORE_UPTIME, uploadMovies, uploadStores } from './report-data.js';
import { read } from './workbook.js';

/** Header and rows of a table, every value as text. */
export type Table = string[][];

/** Runs that are asked for in the same words, and what each of their files must hold. */
export interface Order {
  resource: 'reports' | 'exports';
  body: { format: Format } & Record<string, unknown>;
  /** How many of the thousand. */
  count: number;
  /** Of `digest`. Where it is missing, a run in peace says it. */
  expected?: string;
}

type Format = 'csv' | 'json' | 'ndjson' | 'xlsx' | 'parquet';

const SMALL = 200;
const LARGE = 120_000;
const WIDE_COLUMNS = 300;

const numbers = (rows: number): Table => [
  ['id', 'name', 'triple'],
  ...Array.from({ length: rows }, (_, id) => [String(id), `name ${String(id % 97)}`, String(id * 3)]),
];
const wide: Table = [
  Array.from({ length: WIDE_COLUMNS }, (_, column) => `c${String(column)}`),
  ...Array.from({ length: 20 }, (_, row) =>
    Array.from({ length: WIDE_COLUMNS }, (_, column) => String(row * 1000 + column)),
  ),
];
const tables = { small: numbers(SMALL), large: numbers(LARGE), wide };

const exported = (datasets: keyof typeof tables, format: Format, count: number): Order => ({
  resource: 'exports',
  body: { source: { type: 'dataset', datasets }, format },
  count,
  expected: digest(tables[datasets]),
});
const stored = (rows: number, format: Format, count: number): Order => ({
  resource: 'reports',
  body: { report_name: 'numbers', rows, format },
  count,
  expected: digest(numbers(rows)),
});
const shipped = (body: Record<string, unknown>, format: Format, count: number): Order => ({
  resource: 'reports',
  body: { ...body, format },
  count,
});

/** A thousand runs: mostly small ones, some wide, some of more than 100,000 rows, in every format for tables. */
export const ORDERS: Order[] = [
  shipped({ report_name: 'two-list-sum', list_a: [1, 2, 3], list_b: [4, 7, 9], target: 10 }, 'csv', 250),
  shipped({ report_name: 'top-movies-per-rating' }, 'json', 150),
  shipped(STORE_UPTIME, 'csv', 100),
  exported('small', 'csv', 150),
  exported('small', 'ndjson', 100),
  exported('small', 'json', 80),
  exported('small', 'xlsx', 60),
  exported('small', 'parquet', 50),
  exported('wide', 'csv', 20),
  exported('wide', 'xlsx', 8),
  exported('large', 'csv', 6),
  exported('large', 'ndjson', 4),
  exported('large', 'parquet', 4),
  stored(5000, 'csv', 15),
  stored(LARGE, 'csv', 3),
];

/** Datasets and definitions that the orders read. */
export async function prepare(client: Client): Promise<void> {
  await Promise.all([uploadStores(client), uploadMovies(client)]);
  for (const [name, table] of Object.entries(tables)) {
    await client.upload(name, `${table.map((row) => row.join(',')).join('\n')}\n`);
  }
  await client.define({
    name: 'numbers',
    parameters: { rows: { type: 'integer', required: true } },
    sql: `SELECT range AS id, 'name ' || range % 97 AS name, range * 3 AS triple FROM range(CAST($rows AS BIGINT))`,
  });
}

/** Every order as often as it says, in an order of chance. */
export function shuffled(random: SeededRandom): Order[] {
  const all = ORDERS.flatMap((order) => Array.from({ length: order.count }, () => order));
  for (let last = all.length - 1; last > 0; last -= 1) {
    const other = random.below(last + 1);
    [all[last], all[other]] = [all[other]!, all[last]!];
  }
  return all;
}

export async function ask(client: Client, { resource, body }: Order): Promise<string> {
  const answer = await client.send<{ report_id?: string; export_id?: string }>('POST', `${BASE}/${resource}`, {
    json: body,
  });
  const id = answer.body.report_id ?? answer.body.export_id;
  if (answer.status !== 202 || id === undefined) throw new Error(JSON.stringify(answer.body));
  return id;
}

export function digest(table: Table): string {
  return createHash('sha256').update(JSON.stringify(table)).digest('hex');
}

/** The table in a file, as a reader of that format finds it. */
export async function tableIn(bytes: Buffer, format: Format): Promise<Table> {
  switch (format) {
    case 'csv':
      return parse(bytes);
    case 'json':
      return ofRecords(JSON.parse(bytes.toString()) as Record<string, unknown>[]);
    case 'ndjson':
      return ofRecords(
        bytes
          .toString()
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as Record<string, unknown>),
      );
    case 'parquet': {
      const file = new Uint8Array(bytes).buffer;
      return ofRecords(await parquetReadObjects({ file, compressors }));
    }
    case 'xlsx':
      return await sheetIn(bytes);
  }
}

const ofRecords = (records: Record<string, unknown>[]): Table => [
  Object.keys(records[0] ?? {}),
  ...records.map((record) => Object.values(record).map(textOf)),
];
/** Numbers and text as they are, so that formats can be compared; everything else as JSON. */
const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint'
    ? String(value)
    : JSON.stringify(value);

async function sheetIn(bytes: Buffer): Promise<Table> {
  const file = join(tmpdir(), `${randomUUID()}.xlsx`);
  await writeFile(file, bytes);
  try {
    return (await read(file)).rows.map((row) => row.map(textOf));
  } finally {
    await rm(file);
  }
}
