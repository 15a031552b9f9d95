import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FormatName } from '../formats/format.js';
import { RenderBench } from '../../test/support/rendered.js';

let bench: RenderBench;
beforeAll(async () => {
  bench = await RenderBench.open();
});
afterAll(async () => {
  await bench.close();
});

async function render(format: FormatName, sql: string): Promise<string> {
  const { file } = await bench.render(format, sql);
  return await readFile(file, 'utf8');
}

const VALUES = `SELECT * FROM (VALUES
  (9007199254740993::BIGINT, 1::BIGINT, 'a,"b"' || chr(10) || '=1', 1.50::DECIMAL(18,2), TIMESTAMP '2024-02-29 01:02:03.000004',
    TIMESTAMPTZ '2024-03-31 03:00:00+02', {'k': [1, 2]}, 1.5::DOUBLE, true),
  (1, 2, '', 2.25, NULL, NULL, NULL, 'NaN'::DOUBLE, NULL),
  (NULL, 3, NULL, NULL, NULL, NULL, NULL, NULL, false))
  AS t(big, small, text, price, local, instant, nested, ratio, flag)`;

describe('csv', () => {
  it('tells NULL from empty text and quotes what needs it', async () => {
    expect(await render(FormatName.Csv, VALUES)).toBe(
      [
        'big,small,text,price,local,instant,nested,ratio,flag',
        '9007199254740993,1,"a,""b""\n=1",1.50,2024-02-29T01:02:03.000004,2024-03-31T01:00:00.000000Z,"{""k"":[1,2]}",1.5,true',
        '1,2,"",2.25,,,,nan,',
        ',3,,,,,,,false',
        '',
      ].join('\n'),
    );
  });

  it('is a header line when there are no rows', async () => {
    expect(await render(FormatName.Csv, 'SELECT 1 AS a, 2 AS "b,c" LIMIT 0')).toBe('a,"b,c"\n');
  });
});

describe('json', () => {
  it('keeps every digit: a column with one integer beyond 2^53 is text throughout', async () => {
    const rows: unknown = JSON.parse(await render(FormatName.Json, VALUES));
    expect(rows).toEqual([
      {
        big: '9007199254740993',
        small: 1,
        text: 'a,"b"\n=1',
        price: 1.5,
        local: '2024-02-29T01:02:03.000004',
        instant: '2024-03-31T01:00:00.000000Z',
        nested: { k: [1, 2] },
        ratio: 1.5,
        flag: true,
      },
      { big: '1', small: 2, text: '', price: 2.25, local: null, instant: null, nested: null, ratio: 'NaN', flag: null },
      { big: null, small: 3, text: null, price: null, local: null, instant: null, nested: null, ratio: null, flag: false },
    ]); // prettier-ignore
  });

  it('is an empty array when there are no rows', async () => {
    expect(JSON.parse(await render(FormatName.Json, 'SELECT 1 AS a LIMIT 0'))).toEqual([]);
  });

  it('keeps wide integers inside nested values', async () => {
    const sql = 'SELECT [{id: 9007199254740993::BIGINT}] AS items, 12345678901234567.89::DECIMAL(38,2) AS sum';
    expect(JSON.parse(await render(FormatName.Json, sql))).toEqual([
      { items: [{ id: '9007199254740993' }], sum: '12345678901234567.89' },
    ]);
  });

  it('keeps wide integers of JSON values, as the text that they are', async () => {
    const text = '{"id": 9007199254740993}';
    const sql = `SELECT '${text}'::JSON AS wide, '{"id": 1, "note": "12345678901234567890"}'::JSON AS small`;
    expect(JSON.parse(await render(FormatName.Json, sql))).toEqual([
      { wide: text, small: { id: 1, note: '12345678901234567890' } },
    ]);
  });
});

describe('ndjson', () => {
  it('is one object per line', async () => {
    expect(await render(FormatName.Ndjson, 'SELECT i AS n FROM range(2) AS t(i)')).toBe('{"n":0}\n{"n":1}\n');
  });
});
