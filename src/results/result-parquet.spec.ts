import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FormatName } from '../formats/format.js';
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
