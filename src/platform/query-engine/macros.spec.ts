import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { beforeAll, describe, expect, it } from 'vitest';
import { MACROS } from './macros.js';

let connection: DuckDBConnection;
const evaluate = async (expression: string): Promise<unknown> => {
  const reader = await connection.runAndReadAll(`SELECT ${expression}`);
  return reader.value(0, 0);
};

beforeAll(async () => {
  connection = await (await DuckDBInstance.create(':memory:')).connect();
  for (const macro of MACROS) await connection.run(macro);
});

describe('in_range', () => {
  const range = (type: string, gt: string, gte: string, lt: string, lte: string) =>
    `CAST({gt: ${gt}, gte: ${gte}, lt: ${lt}, lte: ${lte}} AS STRUCT(gt ${type}, gte ${type}, lt ${type}, lte ${type}))`;

  it.each([
    ['5', range('BIGINT', '4', 'NULL', '6', 'NULL'), true],
    ['5', range('BIGINT', '5', 'NULL', 'NULL', 'NULL'), false],
    ['5', range('BIGINT', 'NULL', '5', 'NULL', '5'), true],
    ['5', range('BIGINT', 'NULL', 'NULL', '5', 'NULL'), false],
    ['5.5', range('DOUBLE', 'NULL', '5.5', 'NULL', 'NULL'), true],
    ["DATE '2020-01-02'", range('DATE', "'2020-01-01'", 'NULL', 'NULL', 'NULL'), true],
    ["TIMESTAMP '2020-01-01 10:00'", range('DATE', 'NULL', 'NULL', "'2020-01-01'", 'NULL'), false],
    ["'b'", range('VARCHAR', "'a'", 'NULL', "'c'", 'NULL'), true],
    ['5', range('BIGINT', 'NULL', 'NULL', 'NULL', 'NULL'), true],
    ['5', 'CAST(NULL AS STRUCT(gt BIGINT, gte BIGINT, lt BIGINT, lte BIGINT))', true],
    ['5', 'NULL', true],
    ['NULL', range('BIGINT', 'NULL', 'NULL', 'NULL', 'NULL'), true],
    ['NULL', range('BIGINT', '1', 'NULL', 'NULL', 'NULL'), false],
    ['CAST(NULL AS DATE)', range('DATE', 'NULL', 'NULL', 'NULL', "'2020-01-01'"), false],
  ])('of %s in %s is %s', async (value, filter, expected) => {
    expect(await evaluate(`in_range(${value}, ${filter})`)).toBe(expected);
  });
});

describe('in_set', () => {
  const set = (type: string, include: string, exclude: string) =>
    `CAST({include: ${include}, exclude: ${exclude}} AS STRUCT(include ${type}[], exclude ${type}[]))`;

  it.each([
    ["'a'", set('VARCHAR', "['a', 'b']", 'NULL'), true],
    ["'c'", set('VARCHAR', "['a', 'b']", 'NULL'), false],
    ["'a'", set('VARCHAR', 'NULL', "['a']"), false],
    ["'b'", set('VARCHAR', 'NULL', "['a']"), true],
    ["'a'", set('VARCHAR', "['a']", "['a']"), false],
    ["['a', 'z']", set('VARCHAR', "['a']", 'NULL'), true],
    ["['z']", set('VARCHAR', "['a']", 'NULL'), false],
    ["['a', 'z']", set('VARCHAR', 'NULL', "['a']"), false],
    ["['z']", set('VARCHAR', 'NULL', "['a']"), true],
    ['[]', set('VARCHAR', "['a']", 'NULL'), false],
    ['[]', set('VARCHAR', 'NULL', "['a']"), true],
    ["'a'", set('VARCHAR', '[]', 'NULL'), false],
    ["['a']", set('VARCHAR', '[]', 'NULL'), false],
    ["'a'", set('VARCHAR', 'NULL', '[]'), true],
    ["['a']", set('VARCHAR', 'NULL', '[]'), true],
    ['NULL', set('VARCHAR', 'NULL', '[]'), true],
    ['NULL', set('VARCHAR', "['a']", 'NULL'), false],
    ['NULL', set('VARCHAR', 'NULL', "['a']"), false],
    ['CAST(NULL AS VARCHAR[])', set('VARCHAR', 'NULL', "['a']"), false],
    ['NULL', set('VARCHAR', 'NULL', 'NULL'), true],
    ['NULL', 'NULL', true],
    ["'a'", 'NULL', true],
    ["'a'", 'CAST(NULL AS STRUCT(include VARCHAR[], exclude VARCHAR[]))', true],
    ['5', set('BIGINT', '[5]', 'NULL'), true],
    ['9007199254740993', set('BIGINT', '[9007199254740992]', 'NULL'), false],
    ['9007199254740993', set('BIGINT', '[9007199254740993]', 'NULL'), true],
    ['CAST(5 AS DOUBLE)', set('BIGINT', '[5]', 'NULL'), true],
    ['5.00', set('BIGINT', '[5]', 'NULL'), true],
    ['5.5', set('BIGINT', '[5]', 'NULL'), false],
    ['[4, 5]', set('BIGINT', '[5]', 'NULL'), true],
    ['5', set('DOUBLE', '[5]', 'NULL'), true],
    ['5.50', set('DOUBLE', '[5.5]', 'NULL'), true],
    ['[5.5, 6]', set('DOUBLE', 'NULL', '[6]'), false],
    ["'5'", set('BIGINT', '[5]', 'NULL'), true],
    ["DATE '2020-01-01'", set('DATE', "['2020-01-01']", 'NULL'), true],
    ["[DATE '2020-01-01']", set('DATE', "['2020-01-01']", 'NULL'), true],
    ["DATE '2020-01-02'", set('DATE', "['2020-01-01']", 'NULL'), false],
    [`CAST('["a","b"]' AS JSON)`, set('VARCHAR', "['b']", 'NULL'), true],
    [`CAST('"a"' AS JSON)`, set('VARCHAR', "['a']", 'NULL'), true],
    [`CAST('5' AS JSON)`, set('BIGINT', '[5]', 'NULL'), true],
    [String.raw`'a"\é'`, set('VARCHAR', String.raw`['a"\é']`, 'NULL'), true],
    [String.raw`['a"\é']`, set('VARCHAR', String.raw`['a"\é']`, 'NULL'), true],
  ])('of %s in %s is %s', async (value, filter, expected) => {
    expect(await evaluate(`in_set(${value}, ${filter})`)).toBe(expected);
  });

  it('of a column leaves no branch to evaluate per row that its type does not need', async () => {
    const filter = set('VARCHAR', "['a']", 'NULL');
    const plan = await connection.runAndReadAll(
      `EXPLAIN SELECT * FROM (SELECT 'a' || range AS s FROM range(9)) WHERE in_set(s, ${filter})`,
    );
    expect(JSON.stringify(plan.getRows())).not.toMatch(/json/i);
  });
});

describe('in_utc', () => {
  const read = (value: string) => evaluate(`CAST(in_utc(${value}) AS VARCHAR)`);

  it.each([
    ["TIMESTAMPTZ '2001-01-01 12:30:00+13'", '2000-12-31 23:30:00'],
    ["TIMESTAMP '2001-01-01 12:30:00.000001'", '2001-01-01 12:30:00.000001'],
    ["DATE '2001-01-01'", '2001-01-01 00:00:00'],
    ["'2001-01-01 12:30:00+13'", '2000-12-31 23:30:00'],
    ["'2001-01-01T12:30:00-05:30'", '2001-01-01 18:00:00'],
    ["'2001-01-01T12:30:00Z'", '2001-01-01 12:30:00'],
    ["'2023-01-24 09:06:42.605777 UTC'", '2023-01-24 09:06:42.605777'],
    ["'2001-01-02'", '2001-01-02 00:00:00'],
    [`CAST('"2001-01-01T12:30:00+01:00"' AS JSON)`, '2001-01-01 11:30:00'],
    ["'2001-02-30'", null],
    ["''", null],
    ['5', null],
    ['NULL', null],
  ])('of %s is %s in every time zone', async (value, expected) => {
    try {
      await connection.run("SET TimeZone = 'Pacific/Auckland'");
      expect(await read(value)).toBe(expected);
    } finally {
      await connection.run('RESET TimeZone');
    }
  });
});

describe('as_list', () => {
  it.each([
    ["['b', NULL, 'a']", '["b","a"]'],
    ["'a'", '["a"]'],
    ['[1, 2]', '["1","2"]'],
    [`CAST('["a", 1]' AS JSON)`, '["a","1"]'],
    [`CAST('"a"' AS JSON)`, '["a"]'],
    [`CAST('null' AS JSON)`, '[]'],
    ['CAST(NULL AS VARCHAR[])', '[]'],
    ['NULL', '[]'],
  ])('of %s is %s', async (value, expected) => {
    expect(await evaluate(`CAST(to_json(as_list(${value})) AS VARCHAR)`)).toBe(expected);
  });
});
