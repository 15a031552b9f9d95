import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ShapeBench, type ShapeBody } from '../../../test/support/shaped.js';

const SALES = `SELECT * FROM (VALUES
  ('b', 1, 10.50::DECIMAL(9,2), 'x'), ('a', 9007199254740993, 1, NULL), ('b', 3, NULL, 'y'), (NULL, 4, 2, 'z'), ('a', 9007199254740993, 1, 'w')
) AS t(shop, n, price, tag)`;
let bench: ShapeBench;
beforeAll(async () => {
  bench = await ShapeBench.open();
});
afterAll(() => bench.close());

const shape = (body: ShapeBody, source = SALES) => bench.shape(source, body);
const aggregate = (fn: string, column?: string) =>
  ({ name: `${fn}_of`, function: fn, ...(column !== undefined && { column }) }) as NonNullable<
    ShapeBody['aggregates']
  >[number];

describe('group_by and aggregates', () => {
  it('gives the groups in the order of their first rows, with every aggregate', async () => {
    const aggregates = [
      aggregate('count'),
      aggregate('count_distinct', 'tag'),
      aggregate('sum', 'n'),
      aggregate('min', 'tag'),
      aggregate('max', 'price'),
      aggregate('avg', 'price'),
      aggregate('first', 'tag'),
      aggregate('last', 'price'),
    ];
    const { names, rows, types, keepsRows } = await shape({ group_by: ['shop'], aggregates });
    expect(names.slice(0, 3)).toEqual(['shop', 'count_of', 'count_distinct_of']);
    expect(rows).toEqual([
      ['b', 2n, 2n, '4', 'x', '10.50', 10.5, 'x', null],
      ['a', 2n, 1n, '18014398509481986', 'w', '1.00', 1, null, '1.00'],
      [null, 1n, 1n, '4', 'z', '2.00', 2, 'z', '2.00'],
    ]);
    expect(types[3]).toBe('DECIMAL(38,0)');
    expect(keepsRows).toBe(false);
  });

  it('counts values, not NULLs, of a named column', async () => {
    const { rows } = await shape({ aggregates: [aggregate('count', 'tag'), aggregate('sum', 'price')] });
    expect(rows).toEqual([[4n, '14.50']]);
  });

  it('gives one row without group_by, also of no rows', async () => {
    const aggregates = [aggregate('count'), aggregate('max', 'n'), aggregate('first', 'n')];
    expect((await shape({ aggregates })).rows).toEqual([[5n, 9007199254740993n, 1n]]);
    expect((await shape({ aggregates, filter: { n: { $lt: 0 } } })).rows).toEqual([[0n, null, null]]);
    expect((await shape({ aggregates: [aggregate('count')] })).rows).toEqual([[5n]]);
  });

  it('gives distinct rows without aggregates', async () => {
    expect((await shape({ group_by: ['n', 'shop'] })).rows).toEqual([
      [1n, 'b'],
      [9007199254740993n, 'a'],
      [3n, 'b'],
      [4n, null],
    ]);
  });

  it('groups, filters and sorts by new names, and places the groups', async () => {
    const { names, rows } = await shape({
      columns: [{ name: 'Shop', column: 'shop', change_order: 1 }],
      filter: { n: { $lt: 5 } },
      group_by: ['Shop'],
      aggregates: [aggregate('sum', 'n')],
      sort: [{ column: 'sum_of', direction: 'desc' }],
      limit: 1,
    });
    expect({ names, rows }).toEqual({ names: ['sum_of', 'Shop'], rows: [['4', 'b']] });
  });

  it('keeps the order of first appearance over many rows and threads', async () => {
    const source = `SELECT 'g' || (n * 7919 % 1009) AS g, n FROM range(300000) AS t(n)`;
    const { rows } = await shape({ group_by: ['g'], aggregates: [aggregate('first', 'n')] }, source);
    expect(rows.map(([, n]) => n)).toEqual(Array.from({ length: 1009 }, (_, i) => BigInt(i)));
  });

  it.each<[ShapeBody, string]>([
    [{ group_by: ['nope'] }, '/group_by/0'],
    [{ aggregates: [aggregate('min', 'nope')] }, '/aggregates/0/column'],
    [{ aggregates: [aggregate('sum', 'tag')] }, '/aggregates/0/column'],
    [{ group_by: ['shop'], sort: [{ column: 'n' }] }, '/sort/0/column'],
  ])('refuses %j', async (body, pointer) => {
    await expect(shape(body)).rejects.toMatchObject({ code: 'shape-invalid', places: [{ pointer }] });
  });

  it('copes with names of its own', async () => {
    const { names, rows } = await shape(
      { group_by: ['n'], aggregates: [{ name: 'c0', function: 'sum', column: 'k' }], sort: [{ column: 'c0' }] },
      'SELECT * FROM (VALUES (2, 5), (1, 4), (2, 1)) AS t(n, k)',
    );
    expect({ names, rows }).toEqual({
      names: ['n', 'c0'],
      rows: [
        [1, '4'],
        [2, '6'],
      ],
    });
  });
});

describe('sort and limit', () => {
  it('puts NULLs last in both directions', async () => {
    const sorted = async (direction: 'asc' | 'desc') =>
      (
        await shape({
          columns: [{ name: 's', column: 'shop' }],
          other_columns: 'drop',
          sort: [{ column: 's', direction }],
        })
      ).rows.flat();
    expect(await sorted('asc')).toEqual(['a', 'a', 'b', 'b', null]);
    expect(await sorted('desc')).toEqual(['b', 'b', 'a', 'a', null]);
  });

  it('keeps equal rows in the order of the source', async () => {
    const source = `SELECT n, n % 3 AS k, n AS "n_" FROM range(200000) AS t(n)`;
    const { rows, names, keepsRows } = await shape({ sort: [{ column: 'k', direction: 'desc' }] }, source);
    const all = Array.from({ length: 200_000 }, (_, i) => BigInt(i));
    const expected = [2n, 1n, 0n].flatMap((k) => all.filter((n) => n % 3n === k));
    // Not as one comparison: it would take minutes to tell two such lists apart.
    expect(rows.findIndex(([n], index) => n !== expected[index])).toBe(-1);
    expect({ names, keepsRows }).toEqual({ names: ['n', 'k', 'n_'], keepsRows: true });
  });

  it('sorts by a column that is dropped', async () => {
    const columns = [{ name: 'n', column: 'shop' }];
    const body: ShapeBody = {
      columns,
      other_columns: 'drop',
      sort: [{ column: 'price', direction: 'desc' }, { column: 'tag' }],
    };
    const { names, rows } = await shape(body);
    expect({ names, rows }).toEqual({ names: ['n'], rows: [['b'], [null], ['a'], ['a'], ['b']] });
  });

  it('cuts the rows, in the order of the source or of the sort', async () => {
    const source = 'SELECT n FROM range(100000) AS t(n)';
    expect((await shape({ limit: 2 }, source)).rows).toEqual([[0n], [1n]]);
    const last = await shape({ sort: [{ column: 'n', direction: 'desc' }], limit: 1 }, source);
    expect({ rows: last.rows, keepsRows: last.keepsRows }).toEqual({ rows: [[99_999n]], keepsRows: false });
  });

  it('names a sort column that is not there', async () => {
    await expect(shape({ sort: [{ column: 'shop' }, { column: 'nope' }] })).rejects.toMatchObject({
      places: [{ pointer: '/sort/1/column' }],
    });
  });
});
