import { parse } from 'csv-parse/sync';
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
import { FormatName, type FormatOptions } from '../formats/format.js';

let bench: RenderBench;
beforeAll(async () => {
  bench = await RenderBench.open();
});
afterAll(async () => {
  await bench.close();
});

async function render(sql: string, options: FormatOptions = {}): Promise<string> {
  const { file } = await bench.render(FormatName.Csv, sql, options);
  return await readFile(file, 'utf8');
}

interface Field {
  text: string;
  quoted: boolean;
}

/** Records as csv-parse sees them. */
function read(
  content: string,
  dialect: { delimiter?: string; recordDelimiter?: string; bom?: boolean } = {},
): Field[][] {
  const records: unknown = parse(content, {
    delimiter: dialect.delimiter ?? ',',
    record_delimiter: dialect.recordDelimiter ?? '\n',
    bom: dialect.bom ?? false,
    cast: (text, { quoting }) => ({ text, quoted: quoting }),
  });
  return records as Field[][];
}

const textsOf = (records: Field[][]): string[][] => records.map((record) => record.map(({ text }) => text));

describe('machine', () => {
  it('has JSON as it is, whatever digits are in it', async () => {
    const values = ['{"n":12345678901234567890,"t":"a\\"b"}', '[1, 2]', '"text"'];
    const rows = values.map((value) => `SELECT CAST('${value}' AS JSON) AS j`).join(' UNION ALL ');
    expect(textsOf(read(await render(rows)))).toEqual([['j'], ...values.map((value) => [value])]);
  });

  it('tells NULL from empty text and quotes what needs it', async () => {
    const sql = `SELECT * FROM (VALUES
      (9007199254740993::BIGINT, 1::BIGINT, 'a,"b"' || chr(10) || '=1', 1.50::DECIMAL(18,2), TIMESTAMP '2024-02-29 01:02:03.000004',
        TIMESTAMPTZ '2024-03-31 03:00:00+02', {'k': [1, 2]}, 1.5::DOUBLE, true),
      (1, 2, '', 2.25, NULL, NULL, NULL, 'NaN'::DOUBLE, NULL),
      (NULL, 3, NULL, NULL, NULL, NULL, NULL, NULL, false))
      AS t(big, small, text, price, local, instant, nested, ratio, flag)`;
    expect(await render(sql)).toBe(
      [
        'big,small,text,price,local,instant,nested,ratio,flag',
        '9007199254740993,1,"a,""b""\n=1",1.50,2024-02-29T01:02:03.000004,2024-03-31T01:00:00.000000Z,"{""k"":[1,2]}",1.5,true',
        '1,2,"",2.25,,,,NaN,',
        ',3,,,,,,,false',
        '',
      ].join('\n'),
    );
  });

  it('is a header line when there are no rows', async () => {
    expect(await render('SELECT 1 AS a, 2 AS "b,c" LIMIT 0')).toBe('a,"b,c"\n');
  });

  it.each([
    ["TIMESTAMP_NS '2024-02-29 01:02:03.123456789'", '2024-02-29T01:02:03.123456789'],
    ["TIMESTAMP '0044-03-15 (BC) 01:02:03'", '0044-03-15 (BC) 01:02:03'],
    ["TIMESTAMPTZ '12345-06-07 08:09:10+00'", '12345-06-07 08:09:10+00'],
    ["TIMESTAMP '0001-01-01'", '0001-01-01T00:00:00.000000'],
    ["TIMESTAMP '-infinity'", '-infinity'],
    ["DATE '0044-03-15 (BC)'", '0044-03-15 (BC)'],
    ["DATE '1815-06-18'", '1815-06-18'],
    ["DATE 'infinity'", 'infinity'],
    ["TIME '01:02:03.000004'", '01:02:03.000004'],
    ["TIMETZ '01:02:03+02:30'", '01:02:03+02:30'],
    ["INTERVAL '-1 month 3 days 00:00:01.500004'", '-1 month 3 days 00:00:01.500004'],
    ["'NaN'::DOUBLE", 'NaN'],
    ["'-inf'::FLOAT", '-Infinity'],
    ['1e300::DOUBLE', '1e+300'],
    ['12345678901234567890::HUGEINT', '12345678901234567890'],
    ["'-99999999999999999999999999999999999.999'::DECIMAL(38,3)", '-99999999999999999999999999999999999.999'],
    ["'123456789012345678901234567890123456789012'::BIGNUM", '123456789012345678901234567890123456789012'],
    ["'\\xAA\\xFF'::BLOB", 'qv8='],
    ["'0101'::BIT", '0101'],
    ["'b'::ENUM('a', 'b')", 'b'],
    ["'4ac7a9e9-607c-4c8a-84f3-843f0191e3fd'::UUID", '4ac7a9e9-607c-4c8a-84f3-843f0191e3fd'],
    ["[TIMESTAMP '2024-02-29 01:02:03']", '["2024-02-29T01:02:03.000000"]'],
    ["{'a': 'NaN'::DOUBLE, 'b c': '\\xFF'::BLOB}", '{"a":"NaN","b c":"/w=="}'],
  ])('%s', async (value, text) => {
    expect(textsOf(read(await render(`SELECT ${value} AS v`)))).toEqual([['v'], [text]]);
  });

  it('has 1,147 columns, and names that are nearly the same', async () => {
    const names = [
      'a',
      'a ',
      'a_1',
      'é',
      'e\u0301',
      'a"b',
      ...Array.from({ length: 1141 }, (_, index) => `c${String(index)}`),
    ];
    const select = names.map((name, index) => `${String(index)} AS "${name.replaceAll('"', '""')}"`);
    const records = textsOf(read(await render(`SELECT ${select.join(', ')} FROM range(3)`)));
    expect(records[0]).toEqual(names);
    expect(records.slice(1)).toEqual(Array.from({ length: 3 }, () => names.map((_, index) => String(index))));
  });

  it('takes another delimiter, line end and text for NULL', async () => {
    const sql = `SELECT * FROM (VALUES (1.5, 'a|b', 'NA'), (NULL, NULL, ''), (-2, 'a.b', 'x' || chr(10))) AS t("n|", "NA", s)`;
    const content = await render(sql, { delimiter: '|', lineEnd: 'crlf', nullText: 'NA', bom: true });
    expect(content).toBe('\uFEFF"n|"|"NA"|s\r\n1.5|"a|b"|"NA"\r\nNA|NA|\r\n-2.0|a.b|"x\n"\r\n');
  });

  it.each([' ', '.', '-', '\t', '\\', "'", '#'])('keeps values whole that hold the delimiter %j', async (delimiter) => {
    const content = await render(`SELECT -1.5 AS "a-b", 'x y.z''\\#' || chr(9) AS t, DATE '2024-01-02' AS d`, {
      delimiter,
    });
    expect(textsOf(read(content, { delimiter }))).toEqual([
      ['a-b', 't', 'd'],
      ['-1.5', "x y.z'\\#\t", '2024-01-02'],
    ]);
  });
});

describe('excel profiles', () => {
  const sql = `SELECT * FROM (VALUES
    (-1.5::DOUBLE, -2.50::DECIMAL(9,2), '=1+1', TIMESTAMP '2024-02-29 01:02:03', TIMESTAMPTZ '2024-02-29 01:02:03.5+02', DATE '2024-02-29', true, '-inf'::DOUBLE),
    (NULL, NULL, '-5', NULL, NULL, NULL, NULL, 1), (NULL, NULL, '', NULL, NULL, NULL, NULL, 0.5), (NULL, NULL, 'a;"b",c' || chr(10), NULL, NULL, NULL, NULL, NULL))
    AS t(n, price, "@text", local, instant, day, flag, ratio)`;

  it('excel-us: BOM, commas, CRLF, formulas neutralized in text only', async () => {
    expect(await render(sql, { profile: 'excel-us' })).toBe(
      [
        "\uFEFFn,price,'@text,local,instant,day,flag,ratio",
        "-1.5,-2.50,'=1+1,2024-02-29 01:02:03,2024-02-28 23:02:03.5,2024-02-29,true,-Infinity",
        ",,'-5,,,,,1.0",
        ',,"",,,,,0.5',
        ',,"a;""b"",c\n",,,,,',
        '',
      ].join('\r\n'),
    );
  });

  it('excel-eu: semicolons and decimal commas', async () => {
    expect(await render(sql, { profile: 'excel-eu' })).toBe(
      [
        "\uFEFFn;price;'@text;local;instant;day;flag;ratio",
        "-1,5;-2,50;'=1+1;2024-02-29 01:02:03;2024-02-28 23:02:03,5;2024-02-29;true;-Infinity",
        ";;'-5;;;;;1,0",
        ';;"";;;;;0,5',
        ';;"a;""b"",c\n";;;;;',
        '',
      ].join('\r\n'),
    );
  });

  it('counts what it neutralizes, and leaves it when told', async () => {
    const formulas = `SELECT unnest(['=a', '+a', '-a', '@a', chr(9) || 'a', chr(13) || 'a', 'a=', '''=a', NULL]) AS t, -1 AS n, '\\xF8'::BLOB AS b`;
    const { warnings } = await bench.render(FormatName.Csv, formulas, { profile: 'excel-us' });
    // The nine BLOBs are "+A==" as text.
    expect(warnings).toEqual(['csv: 15 text cells look like formulas and begin with an apostrophe.']);
    const plain = await bench.render(FormatName.Csv, formulas, { profile: 'excel-us', neutralizeFormulas: false });
    expect(plain.warnings).toEqual([]);
    expect(await readFile(plain.file, 'utf8')).toContain('\r\n=a,-1,+A==\r\n');
    expect((await bench.render(FormatName.Csv, formulas)).warnings).toEqual([]);
  });

  it.each(['excel-eu', 'excel-us'] as const)('%s is a header line when there are no rows', async (profile) => {
    expect(await render('SELECT 1 AS "a\nb", 2 AS "=c" LIMIT 0', { profile })).toMatch(/^\uFEFF"a\nb"[,;]'=c\r\n$/);
  });
});

describe('any table', () => {
  /** The value that a field's text stands for. */
  function valueOf({ type }: AnyColumn, field: Field, isCommaDecimal: boolean): AnyValue {
    const { text, quoted } = field;
    if (text === '' && !quoted) return null;
    const number = isCommaDecimal ? text.replace(',', '.') : text;
    if (type === 'DOUBLE') return Number(number);
    if (type === 'DECIMAL(38,9)' || type === 'TIMESTAMP') return number;
    if (type === 'BIGINT') return BigInt(text);
    if (type === 'BOOLEAN') return text === 'true';
    if (type === 'VARCHAR[]') return JSON.parse(text);
    return text;
  }

  const neutral = (text: string): string => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);

  function expected({ type, values }: AnyColumn, row: number, isExcel: boolean): AnyValue {
    const value = values[row] ?? null;
    const spelled = (text: string): string => (isExcel ? neutral(text) : text);
    if (value === null) return null;
    if (value instanceof Uint8Array) return spelled(Buffer.from(value).toString('base64'));
    if (type === 'VARCHAR') return spelled(String(value));
    if (type === 'DATE') return dateText(Number(value));
    if (typeof value !== 'bigint' || type !== 'TIMESTAMP') return value;
    const text = timestampText(value);
    return isExcel ? text.replace('T', ' ').replace(/\.0+$|(?<=\.\d*[1-9])0+$/, '') : text;
  }

  it.each(['machine', 'excel-eu', 'excel-us'] as const)('is the same table to csv-parse: %s', async (profile) => {
    const isExcel = profile !== 'machine';
    const dialect = isExcel
      ? { bom: true, recordDelimiter: '\r\n', delimiter: profile === 'excel-eu' ? ';' : ',' }
      : {};
    await fc.assert(
      fc.asyncProperty(anyTable(), async (columns) => {
        const [header, ...records] = read(await render(selectOf(columns), { profile }), dialect);
        expect(header?.map(({ text }) => text)).toEqual(columns.map(({ name }) => (isExcel ? neutral(name) : name)));
        expect(records).toHaveLength(columns[0]!.values.length);
        records.forEach((record, row) => {
          const values = record.map((field, index) => valueOf(columns[index]!, field, profile === 'excel-eu'));
          expect(values).toEqual(columns.map((column) => expected(column, row, isExcel)));
        });
      }),
      { numRuns: 60 },
    );
  });
});
