import fc from 'fast-check';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FormatName } from '../formats/format.js';
import { anyTable, selectOf, type AnyColumn, type AnyValue } from '../../test/support/any-table.js';
import { RenderBench } from '../../test/support/rendered.js';

let bench: RenderBench;
beforeAll(async () => {
  bench = await RenderBench.open();
});
afterAll(async () => {
  await bench.close();
});

it('has the values of every type, as another reader sees them', async () => {
  const sql = `SELECT * FROM (VALUES
    (9007199254740993::BIGINT, '=1+1' || chr(10) || '😀', 'NaN'::DOUBLE, 12.50::DECIMAL(18,2), true, DATE '1815-06-18',
      TIMESTAMP '2024-02-29 01:02:03.004', TIMESTAMPTZ '2024-03-31 03:00:00+02', [1, 2]),
    (NULL, '', '-inf'::DOUBLE, NULL, NULL, NULL, NULL, NULL, NULL),
    (-1, NULL, 0.1, -3, false, NULL, NULL, NULL, [])) AS t(big, text, ratio, price, flag, day, local, instant, list)`;
  const { file } = await bench.render(FormatName.Parquet, sql);
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(file), compressors });
  expect(rows).toEqual([
    {
      big: 9007199254740993n,
      text: '=1+1\n😀',
      ratio: Number.NaN,
      price: 12.5,
      flag: true,
      day: new Date('1815-06-18'),
      local: new Date('2024-02-29T01:02:03.004Z'),
      instant: new Date('2024-03-31T01:00:00Z'),
      list: [1, 2],
    },
    { big: null, text: '', ratio: -Infinity, price: null, flag: null, day: null, local: null, instant: null, list: undefined },
    { big: -1n, text: null, ratio: 0.1, price: -3, flag: false, day: null, local: null, instant: null, list: [] },
  ]); // prettier-ignore
});

it('is zstd, and in row groups for reading all of it', async () => {
  const { file } = await bench.render(FormatName.Parquet, 'SELECT i AS n FROM range(300_000) AS t(i)');
  const { row_groups: groups, num_rows: rows } = await parquetMetadataAsync(await asyncBufferFromFile(file));
  expect(rows).toBe(300_000n);
  expect(groups.map(({ num_rows: count }) => count)).toEqual([122_880n, 122_880n, 54_240n]);
  expect(groups[0]?.columns[0]?.meta_data?.codec).toBe('ZSTD');
});

it('names its columns when there are no rows', async () => {
  const { file } = await bench.render(FormatName.Parquet, 'SELECT 1 AS a, 2 AS "b,c" LIMIT 0');
  const { schema, num_rows: rows } = await parquetMetadataAsync(await asyncBufferFromFile(file));
  expect(rows).toBe(0n);
  expect(schema.slice(1).map(({ name }) => name)).toEqual(['a', 'b,c']);
});

it('keeps what Parquet has no type for as text', async () => {
  const sql = `SELECT INTERVAL '-1 month 00:00:01.500004' AS span, TIMETZ '01:02:03+02:30' AS at, '0101'::BIT AS bits,
    'b'::ENUM('a', 'b') AS kind, '123456789012345678901234567890123456789012'::BIGNUM AS big, [INTERVAL '-1 day'] AS spans`;
  const { file } = await bench.render(FormatName.Parquet, sql);
  expect(await parquetReadObjects({ file: await asyncBufferFromFile(file), compressors })).toEqual([
    { span: '-1 month 00:00:01.500004', at: '01:02:03+02:30', bits: '0101', kind: 'b', big: '123456789012345678901234567890123456789012', spans: ['-1 day'] },
  ]); // prettier-ignore
});

it('is the same table to hyparquet, whatever is in it', async () => {
  const exact = {
    timestampFromMicroseconds: (value: bigint) => value,
    dateFromDays: (value: number) => value,
    stringFromBytes: (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8'),
  };
  const expected = ({ values }: AnyColumn, row: number): AnyValue => values[row]!;
  // Its decimals are numbers, and its lists of nothing are undefined.
  const table = anyTable(['BIGINT', 'VARCHAR', 'DOUBLE', 'BOOLEAN', 'DATE', 'TIMESTAMP', 'BLOB']);
  await fc.assert(
    fc.asyncProperty(table, async (columns) => {
      const { file } = await bench.render(FormatName.Parquet, selectOf(columns));
      const options = { file: await asyncBufferFromFile(file), compressors, parsers: exact as never, utf8: false };
      const rows = await parquetReadObjects(options);
      expect(rows).toHaveLength(columns[0]!.values.length);
      rows.forEach((row, index) => {
        const fields = new Map(Object.entries(row));
        expect([...fields.keys()].sort()).toEqual(columns.map(({ name }) => name).sort());
        for (const column of columns) expect(fields.get(column.name)).toEqual(expected(column, index));
      });
    }),
    { numRuns: 80 },
  );
});
