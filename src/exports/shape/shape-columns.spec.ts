import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ShapeBench, type ShapeBody } from '../../../test/support/shaped.js';
import { ShapeInvalid } from './shape-errors.js';

const ABC = `SELECT 1 AS a, 'x' AS b, true AS c`;
let bench: ShapeBench;
beforeAll(async () => {
  bench = await ShapeBench.open();
});
afterAll(() => bench.close());

const shape = (source: string, body: ShapeBody) => bench.shape(source, body);
async function placesOf(source: string, body: ShapeBody): Promise<ShapeInvalid> {
  const error: unknown = await shape(source, body).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ShapeInvalid) return error;
  throw new Error(`not refused: ${String(error)}`);
}
const pointers = async (source: string, body: ShapeBody) =>
  (await placesOf(source, body)).places.map(({ pointer }) => pointer);

describe('columns', () => {
  it('leaves a source as it is when nothing is asked', async () => {
    const { sql, rows, keepsRows } = await shape(ABC, {});
    expect(sql).toBe('SELECT * FROM "source" AS s');
    expect({ rows, keepsRows }).toEqual({ rows: [[1, 'x', true]], keepsRows: true });
  });

  it('renames by index and by name in a plain projection', async () => {
    const columns = [
      { name: 'Total €', column: 2, change_order: 0 },
      { name: 'id', column: 'A' },
    ];
    const { names, rows, sql } = await shape(ABC, { columns });
    expect(names).toEqual(['Total €', 'id', 'b']);
    expect(rows).toEqual([[true, 1, 'x']]);
    expect(sql).toBe('SELECT s."c" AS "Total €", s."a" AS "id", s."b" FROM "source" AS s');
  });

  it('moves columns as the earlier service did, and loses none when two want one place', async () => {
    const columns = [
      { name: 'c', column: 2, change_order: 0 },
      { name: 'b', column: 1, change_order: 0 },
    ];
    const { names, warnings } = await shape(ABC, { columns });
    expect(names).toEqual(['b', 'c', 'a']);
    expect(warnings).toEqual(['Columns "c" and "b" both asked for place 0: "c" is at 1.']);
  });

  it('keeps those that are listed in list order when the others are dropped', async () => {
    const columns = [
      { name: 'c', column: 'c' },
      { name: 'b', column: 'b' },
      { name: 'a', column: 'a', change_order: 1 },
    ];
    expect((await shape(ABC, { columns, other_columns: 'drop' })).names).toEqual(['c', 'a', 'b']);
    expect((await shape(ABC, { columns: columns.slice(0, 1), other_columns: 'drop' })).names).toEqual(['c']);
  });

  it('copies a column that is listed twice', async () => {
    const columns = [
      { name: 'first', column: 0 },
      { name: 'second', column: 0, type: 'text' },
    ];
    const { names, rows } = await shape(ABC, { columns });
    expect(names).toEqual(['first', 'second', 'b', 'c']);
    expect(rows).toEqual([[1, '1', 'x', true]]);
  });

  it('swaps two names', async () => {
    const columns = [
      { name: 'a', column: 'b' },
      { name: 'b', column: 'a' },
    ];
    const filter = { a: { include: ['x'] } };
    const { names, rows } = await shape(ABC, { columns, filter, sort: [{ column: 'b' }] });
    expect({ names, rows }).toEqual({ names: ['b', 'a', 'c'], rows: [[1, 'x', true]] });
  });

  it('takes names for what they are, whatever is in them', async () => {
    const evil = `x"; DROP VIEW source; --`;
    const columns = [{ name: `y'"); SELECT 1; /* $f0`, column: evil }];
    const filter = { [`y'"); SELECT 1; /* $f0`]: { include: [`'; DROP VIEW source; --`] } };
    const source = `SELECT '''; DROP VIEW source; --' AS "x""; DROP VIEW source; --", 2 AS n, 3 AS s, {'a': 1} AS source`;
    const { names, rows } = await shape(source, { columns, filter, sort: [{ column: 'n' }], nested: 'flatten' });
    expect(names).toEqual([`y'"); SELECT 1; /* $f0`, 'n', 's', 'source.a']);
    expect(rows).toEqual([[`'; DROP VIEW source; --`, 2, 3, 1]]);
  });

  it('names the index or name that the source does not have, and the columns that it has', async () => {
    const columns = [
      { name: 'x', column: 0 },
      { name: 'y', column: 'nope' },
      { name: 'z', column: 3 },
    ];
    const { places, message, code } = await placesOf(ABC, { columns });
    expect(code).toBe('shape-invalid');
    expect(places).toEqual([
      { pointer: '/columns/1/column', detail: 'names no column of the source: "nope"' },
      { pointer: '/columns/2/column', detail: 'is outside: the columns of the source are 0 to 2' },
    ]);
    expect(message).toContain('/columns/2/column is outside');
    expect(message).toContain('The source has 3 columns: "a", "b", "c".');
  });

  it('shortens the list of columns', async () => {
    const wide = `SELECT ${Array.from({ length: 30 }, (_, i) => `${String(i)} AS c${String(i)}`).join(', ')}`;
    const { message } = await placesOf(wide, { columns: [{ name: 'x', column: 'nope' }] });
    expect(message).toMatch(/has 30 columns: "c0", .*"c11", …\.$/);
  });

  it('refuses names that come out twice, whatever their case, and names both', async () => {
    const { places } = await placesOf(ABC, { columns: [{ name: 'B', column: 'a' }] });
    expect(places).toEqual([
      {
        pointer: '/columns/0/name',
        detail: 'gives a name twice: /columns/0 ("a" of the source) is named "B", column 1 of the source "b"',
      },
    ]);
  });

  it('passes over columns that the source does not have when it is told to', async () => {
    const columns = [
      { name: 'far', column: 9, change_order: 0 },
      { name: 'first', column: 2, change_order: 0 },
    ];
    const { names, warnings } = await shape(ABC, { columns, missing_columns: 'skip' });
    expect(names).toEqual(['first', 'a', 'b']);
    expect(warnings).toEqual([
      'Column "far" is left out: /columns/0/column is outside: the columns of the source are 0 to 2.',
    ]);
  });

  it('refuses to leave no column at all', async () => {
    const body: ShapeBody = { columns: [{ name: 'far', column: 9 }], missing_columns: 'skip', other_columns: 'drop' };
    expect(await pointers(ABC, body)).toEqual(['/columns']);
  });

  it('takes more columns than a spreadsheet has seen, and says when it is too much', async () => {
    const wide = (count: number, name: string) =>
      `SELECT ${Array.from({ length: count }, (_, i) => `${String(i)} AS "${name}${String(i)}"`).join(', ')}`;
    const columns = [{ name: 'last', column: 0, change_order: 1_146 }];
    expect((await shape(wide(1_147, 'a column with a long name '), { columns })).names.at(-1)).toBe('last');
    expect(await pointers(wide(2_000, 'x'.repeat(200)), { columns })).toEqual(['/columns']);
  });
});

describe('nested: flatten', () => {
  const NESTED = `SELECT 1 AS id, {'city': 'Bonn', 'geo pt': {'x"y': 2.5, 'lat': 50::DOUBLE}} AS address, [{'a': 1}] AS list,
    MAP {'k': 1} AS map, 9 AS last`;

  it('makes a column of each field, at any depth and in its place; lists and maps stay', async () => {
    const { names, rows } = await shape(NESTED, { nested: 'flatten' });
    expect(names).toEqual(['id', 'address.city', 'address.geo pt.x"y', 'address.geo pt.lat', 'list', 'map', 'last']);
    expect(rows[0]?.slice(0, 4)).toEqual([1, 'Bonn', '2.5', 50]);
    expect(rows[0]?.[4]).toEqual([{ a: 1 }]);
  });

  it('happens before columns: names and indexes are those of the flattened columns', async () => {
    const columns = [
      { name: 'lat', column: 3, change_order: 0 },
      { name: 'city', column: 'address.city' },
    ];
    const { names, rows } = await shape(NESTED, { nested: 'flatten', columns, other_columns: 'drop' });
    expect({ names, rows }).toEqual({ names: ['lat', 'city'], rows: [[50, 'Bonn']] });
  });

  it('is NULL where the object is, and leaves objects alone when it is not asked', async () => {
    const source = `SELECT * FROM (VALUES ({'a': 1}), (NULL)) AS t(o)`;
    expect((await shape(source, { nested: 'flatten' })).rows).toEqual([[1], [null]]);
    expect((await shape(source, {})).rows).toEqual([[{ a: 1 }], [null]]);
  });

  it('refuses a name that a column of the source has already', async () => {
    expect(await pointers(`SELECT {'b': 1} AS a, 2 AS "a.B"`, { nested: 'flatten' })).toEqual(['/columns']);
    const columns = [{ name: 'other', column: 1 }];
    expect((await shape(`SELECT {'b': 1} AS a, 2 AS "a.B"`, { nested: 'flatten', columns })).names).toEqual([
      'a.b',
      'other',
    ]);
  });
});
