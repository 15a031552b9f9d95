import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ShapeBench, type ShapeBody } from '../../../test/support/shaped.js';

type Filter = NonNullable<ShapeBody['filter']>[string];
let bench: ShapeBench;
beforeAll(async () => {
  bench = await ShapeBench.open();
});
afterAll(() => bench.close());

/** Positions, from 1, of the values that pass. */
async function passing(values: string, filter: Filter): Promise<unknown[]> {
  const { rows } = await bench.shape(
    `SELECT n, v FROM (SELECT row_number() OVER () AS n, * FROM (VALUES ${values}) AS t(v))`,
    {
      filter: { v: filter },
    },
  );
  return rows.map(([n]) => Number(n));
}

describe('a range', () => {
  it.each<[string, string, Filter, number[]]>([
    ['integers', '(1), (2), (3), (NULL)', { $gt: 1, $lte: 3 }, [2, 3]],
    ['bounds without $', '(1), (2), (3)', { gte: 2 }, [2, 3]],
    ['a broken bound of integers', '(-5), (-4), (4), (5)', { $gte: -4.5, $lt: 4.5 }, [2, 3]],
    ['broken bounds that round nowhere', '(4), (5)', { $gt: 4.5, $lte: 5.5 }, [2]],
    [
      'integers that no double holds',
      '(9007199254740992::BIGINT), (9007199254740993)',
      { $gt: '9007199254740992' },
      [2],
    ],
    ['bounds beyond 64 bits', '(1::BIGINT), (-1)', { $lt: 1e30, $gt: '-1e30' }, [1, 2]],
    ['unsigned 64 bits', '(18446744073709551615::UBIGINT), (1)', { $gte: '18446744073709551615' }, [1]],
    ['decimals, exactly', `(0.30::DECIMAL(38,2)), (0.31), (NULL)`, { $gte: 0.3, $lt: '0.305' }, [1]],
    [
      'decimals of 38 digits',
      `('99999999999999999999999999999999999998'::DECIMAL(38,0)), ('99999999999999999999999999999999999999')`,
      { $gt: '99999999999999999999999999999999999998' },
      [2],
    ],
    ['a bound wider than the decimal', '(9.99::DECIMAL(3,2))', { $lt: 1000 }, [1]],
    ['doubles', '(0.5::DOUBLE), (1.5)', { $gt: '0.5' }, [2]],
    ['texts', `('a'), ('b'), (NULL)`, { $gt: 'a' }, [2]],
    ['dates by a year', `(DATE '2025-12-31'), (DATE '2026-01-01')`, { $gte: '2026' }, [2]],
    ['dates by an instant', `(DATE '2026-01-01'), (DATE '2026-01-02')`, { $gt: '2026-01-01T00:00:01Z' }, [2]],
    [
      'local times',
      `(TIMESTAMP '2026-01-01 10:00:00'), (TIMESTAMP '2026-01-01 11:00:00')`,
      { $gt: '2026-01-01T10:00:00' },
      [2],
    ],
    ['local times by an instant', `(TIMESTAMP '2026-01-01 10:00:00')`, { $gte: '2026-01-01T12:00:00+02:00' }, [1]],
    [
      'instants',
      `(TIMESTAMPTZ '2026-01-01T10:00:00+02:00'), (TIMESTAMPTZ '2026-01-01T10:00:00Z')`,
      { $gt: '2026-01-01T08:00:00Z' },
      [2],
    ],
    ['nanoseconds', `(TIMESTAMP_NS '2026-01-01 10:00:00')`, { $lt: '9999' }, [1]],
    ['times of day', `(TIME '09:00:00'), (TIME '10:00:00')`, { $gte: '09:30' }, [2]],
  ])('%s', async (_, values, filter, expected) => {
    expect(await passing(values, filter)).toEqual(expected);
  });

  it('of integers answers as arithmetic does, whatever the bound', async () => {
    const small = fc.integer({ min: -3, max: 3 }).map(BigInt);
    const integers = fc.array(fc.oneof(small, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), {
      minLength: 1,
      maxLength: 8,
    });
    const key = fc.constantFrom('$gt', '$gte', '$lt', '$lte');
    const tenths = fc.oneof(
      fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n }),
      fc.integer({ min: -30, max: 30 }).map(BigInt),
    );
    await fc.assert(
      fc.asyncProperty(integers, key, tenths, async (values, operator, bound) => {
        const sign = bound < 0n ? '-' : '';
        const digits = String(bound < 0n ? -bound : bound).padStart(2, '0');
        const text = `${sign}${digits.slice(0, -1)}.${digits.slice(-1)}`;
        const expected = values.flatMap((value, index) => (compares(value * 10n, operator, bound) ? [index + 1] : []));
        const sql = values.map((value) => `('${String(value)}'::BIGINT)`).join(', ');
        expect(await passing(sql, { [operator]: text })).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it.each<[string, Filter, string, string]>([
    ['(1)', { $gt: 'x' }, '/filter/v/$gt', 'must be a number, because "v" is INTEGER'],
    ['(1.5)', { lt: '' }, '/filter/v/lt', 'must be a number'],
    ['(1::BIGINT)', { $gt: '1e999' }, '/filter/v/$gt', 'must be a number of at most 38 digits'],
    [`('a')`, { $gte: 5 }, '/filter/v/$gte', 'must be a text, because "v" is VARCHAR'],
    [`(DATE '2026-01-01')`, { $lte: '2026-02-30' }, '/filter/v/$lte', 'must be a date or an RFC 3339 date-time'],
    [`(TIMESTAMPTZ '2026-01-01T10:00:00Z')`, { $lte: 2026 }, '/filter/v/$lte', 'must be a date or an RFC 3339'],
    [`(TIME '10:00:00')`, { $lt: '25:00' }, '/filter/v/$lt', 'must be a time like'],
    ['(true)', { $gt: 0 }, '/filter/v', 'BOOLEAN has no order'],
    ['([1])', { $gt: 0 }, '/filter/v', 'INTEGER[] has no order'],
  ])('of %s refuses %j', async (values, filter, pointer, detail) => {
    await expect(passing(values, filter)).rejects.toMatchObject({
      code: 'shape-invalid',
      places: [{ pointer, detail: expect.stringContaining(detail) as string }],
    });
  });
});

describe('a set', () => {
  it.each<[string, string, Filter, number[]]>([
    ['texts', `('a'), ('b'), (NULL)`, { include: ['a', `'; --`] }, [1]],
    ['exclude, which a NULL does not pass', `('a'), ('b'), (NULL)`, { exclude: ['a'] }, [2]],
    ['both', `('a'), ('b'), ('c')`, { include: ['a', 'b'], exclude: ['b'] }, [1]],
    ['an empty list, which restricts nothing', `('a'), (NULL)`, { include: [], exclude: [] }, [1, 2]],
    ['integers, also as text', '(9007199254740993::BIGINT), (5), (6)', { include: ['9007199254740993', 5] }, [1, 2]],
    ['decimals', '(5.00::DECIMAL(9,2)), (5.10), (5.11)', { include: [5, 5.1, 5.111] }, [1, 2]],
    ['doubles', '(0.1::DOUBLE), (5), (6)', { include: [0.1, '5.0'] }, [1, 2]],
    ['booleans', '(true), (false), (NULL)', { include: [true] }, [1]],
    ['dates', `(DATE '2026-01-01'), (DATE '2026-01-02')`, { exclude: ['2026-01-01'] }, [2]],
    [
      'local times',
      `(TIMESTAMP '2026-01-01 10:00:00'), (TIMESTAMP '2026-01-01 10:00:00.5')`,
      { include: ['2026-01-01T10:00:00Z'] },
      [1],
    ],
    ['instants', `(TIMESTAMPTZ '2026-01-01T10:00:00+02:00')`, { include: ['2026-01-01T08:00:00Z'] }, [1]],
    ['times of day', `(TIME '09:30:00'), (TIME '09:31:00')`, { include: ['09:30'] }, [1]],
    ['lists, by any member', `(['a', 'b']), (['c']), ([]), (NULL)`, { include: ['b', 'c'] }, [1, 2]],
    ['lists of integers', `([1, 2]), ([3])`, { exclude: [2] }, [2]],
    ['lists of decimals', `([1.10::DECIMAL(9,2)]), ([1.20::DECIMAL(9,2)])`, { include: [1.1] }, [1]],
    ['lists of instants', `([TIMESTAMPTZ '2026-01-01T10:00:00Z'])`, { include: ['2026-01-01T10:00:00Z'] }, [1]],
    ['JSON numbers', `('5'::JSON), ('5.0'::JSON), ('[1,5]'::JSON), ('6'::JSON)`, { include: [5] }, [1, 2, 3]],
    ['JSON texts', `('"a"'::JSON), ('["a"]'::JSON), ('"b"'::JSON)`, { include: ['a'] }, [1, 2]],
    [
      'UUIDs',
      `('0190a7b5-0000-7000-8000-000000000000'::UUID)`,
      { include: ['0190a7b5-0000-7000-8000-000000000000'] },
      [1],
    ],
  ])('%s', async (_, values, filter, expected) => {
    expect(await passing(values, filter)).toEqual(expected);
  });

  it.each<[string, Filter, string, string]>([
    ['(1)', { include: [1, 1.5] }, '/filter/v/include/1', 'must be a whole number, because "v" is INTEGER'],
    ['(1.5)', { exclude: [true] }, '/filter/v/exclude/0', 'must be a number'],
    [`('a')`, { include: [5] }, '/filter/v/include/0', 'must be a text'],
    ['(true)', { include: ['true'] }, '/filter/v/include/0', 'must be true or false'],
    [`(DATE '2026-01-01')`, { include: ['2026'] }, '/filter/v/include/0', 'must be a date like'],
    [`({'a': 1})`, { include: [1] }, '/filter/v', 'has no single values'],
    [`([{'a': 1}])`, { include: [1] }, '/filter/v', 'has no single values'],
  ])('of %s refuses %j', async (values, filter, pointer, detail) => {
    await expect(passing(values, filter)).rejects.toMatchObject({
      places: [{ pointer, detail: expect.stringContaining(detail) as string }],
    });
  });
});

describe('a filter', () => {
  const source = `SELECT 1 AS id, 'x' AS "a/b~c"`;

  it('goes by the new names, and by those of dropped columns', async () => {
    const columns = [{ name: 'key', column: 'id' }];
    const body: ShapeBody = {
      columns,
      other_columns: 'drop',
      filter: { key: { $lt: 2 }, 'a/b~c': { exclude: ['y'] } },
    };
    const { rows, keepsRows } = await bench.shape(source, body);
    expect({ rows, keepsRows }).toEqual({ rows: [[1]], keepsRows: false });
  });

  it('of empty lists keeps all rows, and says so', async () => {
    const { rows, keepsRows } = await bench.shape(source, { filter: { id: { include: [], exclude: [] } } });
    expect({ rows, keepsRows }).toEqual({ rows: [[1, 'x']], keepsRows: true });
  });

  it('names a column that is not there, and one that has another name by then', async () => {
    const columns = [{ name: 'key', column: 'id' }];
    await expect(bench.shape(source, { columns, filter: { id: { $lt: 2 }, 'a/b': {} } })).rejects.toMatchObject({
      places: [
        { pointer: '/filter/id', detail: 'names no column: "id". After renaming there are "key", "a/b~c"' },
        { pointer: '/filter/a~1b', detail: 'names no column: "a/b". After renaming there are "key", "a/b~c"' },
      ],
    });
  });

  it('compares integers beyond 64 bits', async () => {
    const body: ShapeBody = {
      columns: [{ name: 'n', column: 0, type: 'integer' }],
      filter: { n: { $gt: '18446744073709551614', $lt: '1e30' } },
    };
    const { rows } = await bench.shape(`SELECT * FROM (VALUES (18446744073709551615::UBIGINT), (1)) AS t(n)`, body);
    expect(rows).toEqual([['18446744073709551615']]);
  });

  it('compares what a column was cast to', async () => {
    const columns = [{ name: 'n', column: 0, type: 'integer' }];
    const { rows } = await bench.shape(`SELECT * FROM (VALUES ('9'), ('10')) AS t(n)`, {
      columns,
      filter: { n: { $gt: 9 } },
    });
    expect(rows).toEqual([[10n]]);
  });
});

function compares(value: bigint, operator: string, bound: bigint): boolean {
  if (operator === '$gt') return value > bound;
  if (operator === '$gte') return value >= bound;
  return operator === '$lt' ? value < bound : value <= bound;
}
