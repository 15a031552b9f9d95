import ExcelJS from 'exceljs';
import fc from 'fast-check';
import { text } from 'node:stream/consumers';
import { openPromise } from 'yauzl';
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

/** The first sheet as exceljs reads it: rows of values, null where there is none. */
async function read(file: string): Promise<{ sheet: ExcelJS.Worksheet; rows: ExcelJS.CellValue[][] }> {
  const workbook = new ExcelJS.Workbook();
  await workbook.xlsx.readFile(file);
  const sheet = workbook.worksheets[0];
  if (sheet === undefined) throw new Error('no sheet');
  const rows: ExcelJS.CellValue[][] = [];
  sheet.eachRow({ includeEmpty: true }, (row) => {
    rows.push(Array.from({ length: sheet.columnCount }, (_, index) => plain(row.getCell(index + 1).value)));
  });
  return { sheet, rows };
}

/** exceljs leaves `_xHHHH_` of inline strings as it stands. */
const plain = (value: ExcelJS.CellValue): ExcelJS.CellValue =>
  typeof value === 'string'
    ? value.replace(/_x([0-9A-F]{4})_/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : value;

async function sheetXml(file: string): Promise<string> {
  const zip = await openPromise(file);
  for await (const entry of zip.eachEntry()) {
    if (entry.fileName === 'xl/worksheets/sheet1.xml') return await text(await zip.openReadStreamPromise(entry));
  }
  throw new Error('no sheet');
}

async function cells(values: string): Promise<ExcelJS.CellValue[]> {
  const { file } = await bench.render(FormatName.Xlsx, `SELECT 1 AS "before", unnest([${values}]) AS v, 2 AS "after"`);
  const { rows } = await read(file);
  expect(rows.slice(1).every((row) => row[0] === 1 && row[2] === 2)).toBe(true);
  return rows.slice(1).map((row) => row[1] ?? null);
}

describe('values', () => {
  it('keeps text as it is', async () => {
    const values = `'a <b> & "c"', 'two' || chr(10) || 'lines', 'cr' || chr(13) || chr(10), chr(9) || 'tab ', '  ', '😀 é 漢', '', NULL,
      chr(0) || chr(1) || chr(31), '_x0041_x0042_', '_x0041' || chr(2), '_xyz', ']]>'`;
    expect(await cells(values)).toEqual([
      'a <b> & "c"', 'two\nlines', 'cr\r\n', '\ttab ', '  ', '😀 é 漢', null, null,
      '\0\x01\x1f', '_x0041_x0042_', '_x0041\x02', '_xyz', ']]>',
    ]); // prettier-ignore
  });

  it('tells NULL from empty text', async () => {
    const { file } = await bench.render(FormatName.Xlsx, `SELECT unnest(['', NULL]) AS v`);
    const sheet = await sheetXml(file);
    expect(sheet).toContain(
      '<row r="2"><c r="A2" s="5" t="inlineStr"><is><t xml:space="preserve"></t></is></c></row>\n<row r="3"><c r="A3" s="5"/></row>\n',
    );
  });

  it('keeps every digit of integers and decimals', async () => {
    const max = '999999999999999';
    expect(await cells(`${max}, -${max}, 1${'0'.repeat(15)}, 9007199254740993, NULL`)).toEqual([
      Number(max), -Number(max), `1${'0'.repeat(15)}`, '9007199254740993', null,
    ]); // prettier-ignore
    expect(await cells("'12345678901234567890'::DECIMAL(38,0), 7")).toEqual(['12345678901234567890', 7]);
    expect(await cells("9999999999999.99::DECIMAL(18,2), '10000000000000.01'::DECIMAL(18,2), -0.5")).toEqual([
      9999999999999.99, '10000000000000.01', -0.5,
    ]); // prettier-ignore
    expect(await cells("1.5::DECIMAL(38,20), '1.00000000000000000001'::DECIMAL(38,20)")).toEqual([
      1.5, '1.00000000000000000001',
    ]); // prettier-ignore
  });

  it('writes what is no number as text', async () => {
    const doubles = await cells("0.1::DOUBLE, -1e300, 5e-324, 'NaN'::DOUBLE, 'inf'::DOUBLE, '-inf'::DOUBLE");
    expect(doubles).toEqual([0.1, -1e300, 5e-324, 'NaN', 'Infinity', '-Infinity']);
    expect(await cells('true, false, NULL')).toEqual([true, false, null]);
    expect(await cells("{'a': [1, 2]}, {'a': []}")).toEqual(['{"a":[1,2]}', '{"a":[]}']);
  });

  it('writes dates that Excel can hold as dates, others as ISO text', async () => {
    expect(await cells("DATE '1900-03-01', DATE '2024-02-29', DATE '1900-02-28', DATE '9999-12-31'")).toEqual([
      new Date('1900-03-01'), new Date('2024-02-29'), '1900-02-28', new Date('9999-12-31'),
    ]); // prettier-ignore
    expect(await cells("TIMESTAMP '2024-02-29 23:59:59.123', TIMESTAMP '1899-12-31 01:02:03'")).toEqual([
      new Date('2024-02-29T23:59:59.123Z'), '1899-12-31T01:02:03.000000',
    ]); // prettier-ignore
    expect(await cells("TIMESTAMPTZ '2024-03-31 03:00:00+02'")).toEqual([new Date('2024-03-31T01:00:00Z')]);
  });

  it('cuts what a cell cannot hold, in UTF-16 units, and says so', async () => {
    const sql = `SELECT unnest([repeat('a', 32767), repeat('b', 32768), 'c' || repeat('😀', 16383), repeat('😀', 16384)]) AS v`;
    const { file, warnings } = await bench.render(FormatName.Xlsx, sql);
    const { rows } = await read(file);
    expect(rows.slice(1).map(([value]) => typeof value === 'string' && value.length)).toEqual([
      32_767, 32_767, 32_767, 32_766,
    ]);
    expect(rows[4]?.[0]).toBe('😀'.repeat(16_383));
    expect(warnings).toEqual(['xlsx: 2 text cells were cut to the 32,767 characters that Excel holds.']);
  });

  it('marks text that looks like a formula as text, and counts it', async () => {
    const sql = `SELECT unnest(['=1+1', '+1', '-1', '@a', 'a=1', NULL]) AS v, unnest([-1, -2, -3, -4, -5, -6]) AS n`;
    const { file, warnings } = await bench.render(FormatName.Xlsx, sql);
    const { sheet, rows } = await read(file);
    expect(rows.slice(1)).toEqual([['=1+1', -1], ['+1', -2], ['-1', -3], ['@a', -4], ['a=1', -5], [null, -6]]); // prettier-ignore
    expect(sheet.getCell('A2').type).toBe(ExcelJS.ValueType.String);
    expect(warnings).toEqual(['xlsx: 4 text cells look like formulas and are marked as text.']);
  });
});

describe('sheets', () => {
  it('starts with a frozen bold header', async () => {
    const { file } = await bench.render(FormatName.Xlsx, 'SELECT 1 AS "a <&> b", 2 AS "=c" LIMIT 0');
    const { sheet, rows } = await read(file);
    expect(rows).toEqual([['a <&> b', '=c']]);
    expect(sheet.getCell('A1').font.bold).toBe(true);
    expect(sheet.views[0]).toMatchObject({ state: 'frozen', ySplit: 1 });
  });

  it('has as many columns as the table', async () => {
    const columns = Array.from({ length: 1147 }, (_, index) => `'v${String(index)}' || i AS c${String(index)}`);
    const { file } = await bench.render(FormatName.Xlsx, `SELECT ${columns.join(', ')} FROM range(3) AS t(i)`);
    const { rows } = await read(file);
    expect(rows).toHaveLength(4);
    expect(rows[3]).toEqual(Array.from({ length: 1147 }, (_, index) => `v${String(index)}2`));
  });
});

const anyText = fc.string({ unit: 'binary', maxLength: 20 }).map((value) => value.replaceAll('\0', ''));
const day = fc.date({ min: new Date('1900-03-01'), max: new Date('9999-12-31'), noInvalidDate: true });
const row = fc.record({
  text: fc.option(fc.oneof(anyText, fc.constantFrom('', ' ', '_x000A_', '=1', '\r', '\ufffe'))),
  ratio: fc.option(fc.double({ noDefaultInfinity: true, noNaN: true })),
  flag: fc.option(fc.boolean()),
  at: fc.option(day),
});
const literal = (value: string | null): string => (value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`);

it('gives any table back', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), async (table) => {
      const rows = table.map(
        ({ text: t, ratio, flag, at }) =>
          `(1, ${literal(t)}::VARCHAR, ${literal(ratio?.toString() ?? null)}::DOUBLE, ${String(flag)}::BOOLEAN, ` +
          `${literal(at?.toISOString() ?? null)}::TIMESTAMP)`,
      );
      const { file } = await bench.render(
        FormatName.Xlsx,
        `FROM (VALUES ${rows.join(', ')}) AS t(one, text, ratio, flag, moment)`,
      );
      const read2 = await read(file);
      expect(read2.rows.slice(1)).toEqual(
        table.map(({ text: t, ratio, flag, at }) => [
          1,
          t === '' ? null : t,
          ratio === null ? null : ratio + 0,
          flag,
          at,
        ]),
      );
    }),
    { numRuns: 60 },
  );
}, 30_000);
