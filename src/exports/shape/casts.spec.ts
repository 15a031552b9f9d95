import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ShapeBench } from '../../../test/support/shaped.js';
import { QueryFailed } from '../../platform/query-engine/query-errors.js';

let bench: ShapeBench;
let newYork: ShapeBench;
beforeAll(async () => {
  bench = await ShapeBench.open();
  newYork = await ShapeBench.open('America/New_York');
});
afterAll(() => Promise.all([bench.close(), newYork.close()]));

const cast = async (sql: string, type: string, where = bench) => {
  const { rows, types } = await where.shape(`SELECT * FROM (VALUES ${sql}) AS t(v)`, {
    columns: [{ name: 'w', column: 0, type }],
  });
  return { values: rows.map(([value]) => value), type: types[0] };
};

describe('cast', () => {
  it.each([
    ['integer', `('9007199254740993'), (NULL), ('-5'), ('1e3')`, 'BIGINT', [9007199254740993n, null, -5n, 1000n]],
    ['integer', `(2.6::DOUBLE), (-1)`, 'BIGINT', [3n, -1n]],
    ['integer', `(12345678901234567890::UBIGINT)`, 'DECIMAL(38,0)', ['12345678901234567890']],
    ['integer', `(12345678901234567890.4::DECIMAL(38,1))`, 'DECIMAL(38,0)', ['12345678901234567890']],
    ['integer', `(true), (false)`, 'BIGINT', [1n, 0n]],
    ['number', `('1.5'), ('-2'), (NULL)`, 'DOUBLE', [1.5, -2, null]],
    ['number', `('"1.5"'::JSON), ('2'::JSON), ('null'::JSON)`, 'DOUBLE', [1.5, 2, null]],
    ['decimal(20, 3)', `('12345678901234567.891'), ('1')`, 'DECIMAL(20,3)', ['12345678901234567.891', '1.000']],
    ['boolean', `('true'), ('f'), (NULL)`, 'BOOLEAN', [true, false, null]],
    ['boolean', `(0), (7)`, 'BOOLEAN', [false, true]],
    ['date', `('2026-05-17'), ('2026-05-17T23:00:00-02:00')`, 'DATE', ['2026-05-17', '2026-05-18']],
    ['date', `(TIMESTAMP '2026-05-17 10:00:00')`, 'DATE', ['2026-05-17']],
    ['time', `('09:30'), ('09:30:00.5')`, 'TIME', ['09:30:00', '09:30:00.5']],
    [
      'timestamp',
      `('2026-05-17 10:00:00'), ('2026-05-17T10:00:00+02:00')`,
      'TIMESTAMP',
      ['2026-05-17 10:00:00', '2026-05-17 08:00:00'],
    ],
    ['timestamptz', `('2026-05-17T10:00:00+02:00')`, 'TIMESTAMP WITH TIME ZONE', ['2026-05-17 08:00:00+00']],
    ['text', `({'a': [1, NULL]})`, 'VARCHAR', ['{"a":[1,null]}']],
    ['text', `([1, 2])`, 'VARCHAR', ['[1,2]']],
    [
      'text',
      `('{"a": 1}'::JSON), ('"b"'::JSON), ('null'::JSON), ('2.50'::JSON), ('12345678901234567890123'::JSON)`,
      'VARCHAR',
      ['{"a": 1}', 'b', null, '2.50', '12345678901234567890123'],
    ],
    ['text', `(TIMESTAMPTZ '2026-05-17T10:00:00Z')`, 'VARCHAR', ['2026-05-17T10:00:00.000000Z']],
    ['text', `('ab'::BLOB)`, 'VARCHAR', ['YWI=']],
    ['json', `('{"a": 1}'), (NULL)`, 'JSON', ['{"a": 1}', null]],
    ['json', `({'a': 1})`, 'JSON', ['{"a":1}']],
    ['json', `(1.5::DOUBLE), ('nan'::DOUBLE), (NULL)`, 'JSON', ['1.5', '"nan"', null]],
    ['json', `(TIMESTAMP '2026-05-17 10:00:00')`, 'JSON', ['"2026-05-17T10:00:00.000000"']],
  ])('to %s of %s', async (type, values, sqlType, expected) => {
    expect(await cast(values, type)).toEqual({ type: sqlType, values: expected });
  });

  it('reads times without an offset in the time zone of the run', async () => {
    const values = `('2026-05-17 10:00:00'), ('2026-05-17T10:00:00Z')`;
    expect((await cast(values, 'text', newYork)).values).toEqual(['2026-05-17 10:00:00', '2026-05-17T10:00:00Z']);
    expect((await cast(values, 'timestamp', newYork)).values).toEqual(['2026-05-17 10:00:00', '2026-05-17 06:00:00']);
    const instants = newYork.shape(`SELECT * FROM (VALUES ${values}) AS t(v)`, {
      columns: [{ name: 'v', column: 0, type: 'timestamptz' }],
      filter: { v: { $gte: '2026-05-17T14:00:00Z' } },
    });
    expect((await instants).rows).toHaveLength(1);
  });

  it.each([
    ['integer', `('1'), ('12,5')`, '12,5'],
    ['integer', `('9223372036854775808')`, '9223372036854775808'],
    ['number', `('')`, ''],
    ['decimal(4,2)', `(1), (100)`, '100'],
    ['date', `('2026-02-30')`, '2026-02-30'],
    ['timestamp', `('17/05/2026 10:00')`, '17/05/2026 10:00'],
    ['json', `('{"a"')`, '{"a"'],
  ])('to %s fails the run on a value of %s, naming column and value', async (type, values, value) => {
    const failure = cast(values, type);
    await expect(failure).rejects.toThrow(QueryFailed);
    await expect(failure).rejects.toThrow(`Column "w" has a value that cannot be cast to ${type}: ${value}`);
  });

  it.each([
    ['date', '(5)'],
    ['integer', `(DATE '2026-01-01')`],
    ['number', `({'a': 1})`],
    ['boolean', '([1])'],
    ['time', `(DATE '2026-01-01')`],
    ['decimal(5,1)', `(gen_random_uuid())`],
  ])('to %s is refused for the type of %s', async (type, values) => {
    await expect(cast(values, type)).rejects.toMatchObject({
      code: 'shape-invalid',
      places: [{ pointer: '/columns/0/type', detail: expect.stringContaining(`cannot be ${type}: "v" is`) as string }],
    });
  });

  it('does not look at rows that a filter on another column leaves out', async () => {
    const { rows } = await bench.shape(`SELECT * FROM (VALUES (1, 'x'), (2, '5')) AS t(id, v)`, {
      columns: [{ name: 'v', column: 'v', type: 'integer' }],
      filter: { id: { $gt: 1 } },
    });
    expect(rows).toEqual([[2, 5n]]);
  });
});
