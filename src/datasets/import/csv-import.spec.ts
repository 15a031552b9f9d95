import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseEnvironment } from '../../config/environment.js';
import { DuckDbEngine } from '../../platform/query-engine/duckdb-engine.js';
import type { QuerySession } from '../../platform/query-engine/query-engine.js';
import { importCsv } from './csv-import.js';

const config = parseEnvironment({
  DATABASE_URL: 'postgresql://127.0.0.1/none',
  REDIS_URL: 'redis://127.0.0.1',
  STORAGE_ROOT: tmpdir(),
  STORAGE_SIGNING_KEY: 'k'.repeat(32),
});

let directory: string;
let session: QuerySession;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'csv-'));
  session = await new DuckDbEngine(config).open({ directory });
});
afterEach(async () => {
  await session.close();
  await rm(directory, { recursive: true });
});

async function convert(csv: string, types: Readonly<Record<string, string>> = {}): Promise<Record<string, unknown>[]> {
  const [source, target] = [join(directory, 'upload'), join(directory, 'data.parquet')];
  await writeFile(source, csv);
  await importCsv({ session, source, target, options: { csv: {}, types } });
  await session.relate('t', 'data.parquet');
  return await session.query('FROM t');
}

const write = (value: string | null) => (value === null ? '' : `"${value.replaceAll('"', '""')}"`);
const text = fc.string({ unit: 'binary', maxLength: 12 }).map((value) => value.replaceAll('\0', ''));
const cell = fc.oneof(
  fc.constant(null),
  text,
  fc.constantFrom('', ' ', '"', ',', '\n', '\r\n', '\r', '007', '1.0', 'null', 'é😀', '-0', '1e5', 'true', 'True'),
);

describe(importCsv, () => {
  it('gives back every text of every table', async () => {
    const table = fc.integer({ min: 2, max: 4 }).chain((width) =>
      fc.record({
        width: fc.constant(width),
        rows: fc.array(fc.array(cell, { minLength: width, maxLength: width }), { maxLength: 8 }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(table, async ({ width, rows }) => {
        const names = Array.from({ length: width }, (_, index) => `c${String(index)}`);
        // A row of NULLs only is written as separators; it is no blank line because there are two columns or more.
        const lines = [names.join(','), ...rows.map((row) => row.map(write).join(','))];
        const asText = Object.fromEntries(names.map((name) => [name, 'VARCHAR']));
        expect((await convert(`${lines.join('\n')}\n`, asText)).map((row) => Object.values(row))).toEqual(rows);
      }),
      { numRuns: 60 },
    );
  }, 30_000);

  it('gives numbers back as they were written, whatever type they took', async () => {
    const number = fc.oneof(
      fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String),
      fc.integer().map(String),
      fc.constantFrom(
        '0',
        '-0',
        '+1',
        '007',
        '-9223372036854775808',
        '9223372036854775807',
        '9223372036854775808',
        '1.',
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(number, { minLength: 1, maxLength: 6 }), async (numbers) => {
        const rows = await convert(`n,x\n${numbers.map((value) => `${value},`).join('\n')}\n`);
        expect(rows.map(({ n }) => String(n))).toEqual(numbers);
      }),
      { numRuns: 60 },
    );
  }, 30_000);

  it.each([
    ['1.5', 'DOUBLE'],
    ['-0.25', 'DOUBLE'],
    ['123456789012345', 'BIGINT'],
    ['0.123456789012345', 'DOUBLE'],
    ['0.1234567890123456', 'VARCHAR'],
    ['.5', 'VARCHAR'],
    ['1e5', 'VARCHAR'],
    ['NaN', 'VARCHAR'],
    ['true', 'BOOLEAN'],
    ['TRUE', 'VARCHAR'],
    ['2024-02-29', 'DATE'],
    ['2023-02-29', 'VARCHAR'],
    ['24:00:01', 'VARCHAR'],
    ['23:59:59', 'TIME'],
    ['2023-01-24T09:06:42', 'TIMESTAMP'],
    ['2023-01-24 09:06:42.123456789', 'VARCHAR'],
    ['2023-01-24 09:06:42.12 UTC', 'TIMESTAMP WITH TIME ZONE'],
    ['2023-01-24T09:06:42Z', 'TIMESTAMP WITH TIME ZONE'],
    ['2023-01-24T09:06:42+05:30', 'TIMESTAMP WITH TIME ZONE'],
    ['2023-01-24 25:06:42', 'VARCHAR'],
  ])('makes a column of %s %s', async (value, type) => {
    await convert(`v,x\n${value},\n`);
    expect(await session.describe('SELECT v FROM t')).toEqual([{ name: 'v', type }]);
  });

  it('keeps the order of a file that is read in parts', async () => {
    const lines = Array.from({ length: 300_000 }, (_, index) => `${String(index)},${'x'.repeat(20)}`);
    await convert(`n,pad\n${lines.join('\n')}\n`);
    expect(
      await session.query(
        'SELECT count(*) AS bad FROM (SELECT n, row_number() OVER () - 1 AS place FROM t) WHERE n <> place',
      ),
    ).toEqual([{ bad: 0n }]);
    expect((await readFile(join(directory, 'data.parquet'))).subarray(0, 4).toString()).toBe('PAR1');
  }, 20_000);
});
