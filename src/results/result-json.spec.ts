import fc from 'fast-check';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  anyTable,
  dateText,
  selectOf,
  timestampText,
  type AnyColumn,
  type AnyValue,
} from '../../test/support/any-table.js';
import { RenderBench } from '../../test/support/rendered.js';
import { FormatName } from '../formats/format.js';

let bench: RenderBench;
beforeAll(async () => {
  bench = await RenderBench.open();
});
afterAll(async () => {
  await bench.close();
});

type TextFormat = 'json' | 'ndjson';
type Row = Record<string, unknown>;

async function render(format: TextFormat, sql: string): Promise<string> {
  const { file } = await bench.render(format, sql);
  return await readFile(file, 'utf8');
}

async function read(format: TextFormat, sql: string): Promise<Row[]> {
  const content = await render(format, sql);
  if (format === FormatName.Json) return JSON.parse(content) as Row[];
  const lines = content.split('\n');
  expect(lines.pop()).toBe('');
  return lines.map((line) => JSON.parse(line) as Row);
}

it('keeps every digit: a column with one integer beyond 2^53 is text throughout', async () => {
  const sql = `SELECT * FROM (VALUES
    (9007199254740993::BIGINT, 1::BIGINT, 'a,"b"' || chr(10) || '=1', 1.50::DECIMAL(18,2), 'NaN'::DOUBLE, true),
    (1, 2, '', 2.25, 0.5, NULL), (NULL, 3, NULL, NULL, NULL, false)) AS t(big, small, text, price, ratio, flag)`;
  expect(await read('json', sql)).toEqual([
    { big: '9007199254740993', small: 1, text: 'a,"b"\n=1', price: 1.5, ratio: 'NaN', flag: true },
    { big: '1', small: 2, text: '', price: 2.25, ratio: 0.5, flag: null },
    { big: null, small: 3, text: null, price: null, ratio: null, flag: false },
  ]);
});

it('is an empty array when there are no rows, and no line in NDJSON', async () => {
  expect(await read('json', 'SELECT 1 AS a LIMIT 0')).toEqual([]);
  expect(await render('ndjson', 'SELECT 1 AS a LIMIT 0')).toBe('');
});

it('is one object per line in NDJSON', async () => {
  expect(await render('ndjson', 'SELECT i AS n FROM range(2) AS t(i)')).toBe('{"n":0}\n{"n":1}\n');
});

it.each([
  ["TIMESTAMP '2024-02-29 01:02:03.000004'", '2024-02-29T01:02:03.000004'],
  ["TIMESTAMPTZ '2024-03-31 03:00:00+02'", '2024-03-31T01:00:00.000000Z'],
  ["TIMESTAMP_NS '2024-02-29 01:02:03.123456789'", '2024-02-29T01:02:03.123456789'],
  ["TIMESTAMP_NS 'infinity'", 'infinity'],
  ["TIMESTAMP '0044-03-15 (BC) 01:02:03'", '0044-03-15 (BC) 01:02:03'],
  ["TIMESTAMP '294247-01-10 04:00:54.775806'", '294247-01-10 04:00:54.775806'],
  ["TIMESTAMPTZ 'infinity'", 'infinity'],
  ["DATE '0044-03-15 (BC)'", '0044-03-15 (BC)'],
  ["DATE '5881580-07-10'", '5881580-07-10'],
  ["INTERVAL '-1 month'", '-1 month'],
  ["'\\xAA\\xFF'::BLOB", 'qv8='],
  ["'0101'::BIT", '0101'],
  ["'b'::ENUM('a', 'b')", 'b'],
  ["{'a': 1, 'b': 'x'}::VARIANT", { a: 1, b: 'x' }],
  ['12345678901234567890::HUGEINT', '12345678901234567890'],
  ["'-99999999999999999999999999999.999999999'::DECIMAL(38,9)", '-99999999999999999999999999999.999999999'],
  ['5e-324::DOUBLE', 5e-324],
  ['[{id: 9007199254740993::BIGINT}]', [{ id: '9007199254740993' }]],
  ["[{sum: '1234567890.1234567890'::DECIMAL(38,10)}, NULL]", [{ sum: '1234567890.1234567890' }, null]],
  ["[TIMESTAMP '2024-02-29 01:02:03', NULL]", ['2024-02-29T01:02:03.000000', null]],
  [
    "{'at': TIMESTAMPTZ '2024-03-31 03:00:00+02', 'A b\"c': [['NaN'::DOUBLE, 1.5, '-inf']], 'raw': '\\xFF'::BLOB, 'day': NULL::DATE}",
    { at: '2024-03-31T01:00:00.000000Z', 'A b"c': [['NaN', 1.5, '-Infinity']], raw: '/w==', day: null },
  ],
  ['NULL::STRUCT(t TIMESTAMP)', null],
  ["MAP {TIMESTAMP '2024-01-02': 'inf'::FLOAT}", { '2024-01-02T00:00:00.000000': 'Infinity' }],
  ['MAP {9007199254740993: [9007199254740993]}', { '9007199254740993': ['9007199254740993'] }],
  [`'{"id": 9007199254740993}'::JSON`, '{"id": 9007199254740993}'],
  [
    `'{"id": 1, "note": "12345678901234567890", "ratio": 0.3333333333333333}'::JSON`,
    { id: 1, note: '12345678901234567890', ratio: 0.3333333333333333 },
  ],
])('%s', async (value, expected) => {
  expect(await read('json', `SELECT ${value} AS v`)).toEqual([{ v: expected }]);
});

describe('any table', () => {
  const isSafe = (value: AnyValue): boolean => value === null || Number.isSafeInteger(Number(value));
  const isExact = (digits: AnyValue): boolean => digits === null || fixed(Number(digits)) === digits;
  const fixed = (value: number): string => (Math.abs(value) < 1e15 ? value.toFixed(9) : '');

  /** What the column promises its values to be. */
  function expected({ type, values }: AnyColumn, row: number): unknown {
    const value = values[row] ?? null;
    if (value === null) return null;
    if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
    if (type === 'DATE') return dateText(Number(value));
    if (type === 'TIMESTAMP' && typeof value === 'bigint') return timestampText(value);
    if (type === 'BIGINT') return values.every(isSafe) ? Number(value) : String(value);
    if (type === 'DOUBLE') return Number.isFinite(value) ? value : String(value);
    return value;
  }

  /** As text, whatever the form: `-0` and digits are told apart, and a decimal is a number only if that is exact. */
  function shown({ type, values }: AnyColumn, value: unknown): unknown {
    if (type !== 'DECIMAL(38,9)' || typeof value !== 'number') return value;
    return values.every(isExact) ? fixed(value) : 'a number that is not exact';
  }

  it.each(['json', 'ndjson'] as const)('is the same table to JSON.parse: %s', async (format) => {
    await fc.assert(
      fc.asyncProperty(anyTable(), async (columns) => {
        const rows = await read(format, selectOf(columns));
        expect(rows).toHaveLength(columns[0]!.values.length);
        rows.forEach((row, index) => {
          // Entries: a field may be named like a member of every object.
          const fields = new Map(Object.entries(row));
          expect(fields.size).toBe(columns.length);
          for (const column of columns) {
            expect(shown(column, fields.get(column.name))).toEqual(expected(column, index));
          }
        });
      }),
      { numRuns: 80 },
    );
  });
});
