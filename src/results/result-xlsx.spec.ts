import ExcelJS from 'exceljs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FormatName } from '../formats/format.js';
import { RenderBench } from '../../test/support/rendered.js';
import { read, sheetXml, streamed } from '../../test/support/workbook.js';

let bench: RenderBench;
beforeAll(async () => {
  bench = await RenderBench.open();
});
afterAll(async () => {
  await bench.close();
});

/** A column of values, as both readers of exceljs have it. */
async function cells(values: string): Promise<ExcelJS.CellValue[]> {
  const { file } = await bench.render(FormatName.Xlsx, `SELECT 1 AS "before", unnest([${values}]) AS v, 2 AS "after"`);
  const { rows } = await read(file);
  // Without streaming, exceljs takes empty text for none.
  expect((await streamed(file, 3)).map((row) => row.map((value) => (value === '' ? null : value)))).toEqual(rows);
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
    const { file } = await bench.render(FormatName.Xlsx, `SELECT unnest(['', NULL]) AS v, 1 AS one`);
    expect(await sheetXml(file)).toContain(
      '<row r="2"><c r="A2" t="inlineStr"><is><t></t></is></c><c r="B2"><v>1</v></c></row>' +
        '<row r="3"><c r="B3"><v>1</v></c></row></sheetData>',
    );
  });

  it('says which white space belongs to a text', async () => {
    const { file } = await bench.render(FormatName.Xlsx, `SELECT unnest([' a', 'a ', 'a' || chr(10), 'a b']) AS v`);
    const kept = [...(await sheetXml(file)).matchAll(/<t( xml:space="preserve")?>([^<]*)<\/t>/g)].slice(1);
    expect(kept.map(([, keeps, value]) => [keeps !== undefined, value])).toEqual([
      [true, ' a'], [true, 'a '], [true, 'a\n'], [false, 'a b'],
    ]); // prettier-ignore
  });

  it('writes as text the times that would round to a day that Excel does not know', async () => {
    const last = `TIMESTAMP '9999-12-31 23:59:59.999', TIMESTAMP '9999-12-31 23:59:59.999999'`;
    expect(await cells(last)).toEqual([new Date('9999-12-31T23:59:59.999Z'), '9999-12-31T23:59:59.999999']);
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

  it('keeps times of day as text, and milliseconds of timestamps', async () => {
    expect(await cells("TIME '13:14:15.123456'")).toEqual(['13:14:15.123456']);
    const { file } = await bench.render(FormatName.Xlsx, "SELECT TIMESTAMP '2024-02-29 23:59:59.123456' AS at");
    expect((await read(file)).rows[1]).toEqual([new Date('2024-02-29T23:59:59.123Z')]);
    const days = Number(/<v>([^<]+)</.exec(await sheetXml(file))?.[1]);
    expect(Math.abs(days * 86_400 - 3_918_412_799.123456) * 1e6).toBeLessThan(1);
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
    expect(await sheetXml(file)).toContain('<c r="A2" s="4" t="inlineStr">');
  });

  it('leaves text that looks like a formula alone where that is asked for', async () => {
    const sql = `SELECT unnest(['=1+1', '@a']) AS v`;
    const { file, warnings } = await bench.render(FormatName.Xlsx, sql, { neutralizeFormulas: false });
    expect((await read(file)).rows.slice(1)).toEqual([['=1+1'], ['@a']]);
    expect(warnings).toEqual([]);
    expect(await sheetXml(file)).toContain('<c r="A2" t="inlineStr"><is><t>=1+1</t></is></c>');
  });
});

const anyText = fc.string({ unit: 'binary', maxLength: 20 }).map((value) => value.replaceAll('\0', ''));
const day = fc.date({ min: new Date('1900-03-01'), max: new Date('9999-12-31'), noInvalidDate: true });
const row = fc.record({
  text: fc.option(
    fc.oneof(anyText, fc.constantFrom('', ' ', '_x000A_', '=1', '\r', '\ufffe', '\u0001', '\u0002\u0002', '\n')),
  ),
  whole: fc.option(fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.integer().map(BigInt))),
  ratio: fc.option(fc.double({ noDefaultInfinity: true, noNaN: true })),
  flag: fc.option(fc.boolean()),
  day: fc.option(day),
  at: fc.option(day),
});
const literal = (value: string | null): string => (value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`);
const midnight = (date: Date): Date => new Date(date.toISOString().slice(0, 10));

it('gives any table back', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), async (table) => {
      const rows = table.map(
        (value) =>
          `(1, ${literal(value.text)}::VARCHAR, ${String(value.whole)}::BIGINT, ${literal(value.ratio?.toString() ?? null)}::DOUBLE, ` +
          `${String(value.flag)}::BOOLEAN, ${literal(value.day?.toISOString().slice(0, 10) ?? null)}::DATE, ` +
          `${literal(value.at?.toISOString() ?? null)}::TIMESTAMP)`,
      );
      const sql = `FROM (VALUES ${rows.join(', ')}) AS t(one, text, whole, ratio, flag, day, moment)`;
      const { file } = await bench.render(FormatName.Xlsx, sql);
      const expected = table.map((value) => [
        1,
        value.text,
        value.whole !== null && value.whole.toString().replace('-', '').length > 15
          ? value.whole.toString()
          : value.whole === null
            ? null
            : Number(value.whole),
        value.ratio === null ? null : value.ratio + 0,
        value.flag,
        value.day && midnight(value.day),
        value.at,
      ]);
      expect((await streamed(file, 7)).slice(1)).toEqual(expected);
      // Without streaming, exceljs takes empty text for none.
      const noEmpty = expected.map((values) => values.map((value) => (value === '' ? null : value)));
      expect((await read(file)).rows.slice(1)).toEqual(noEmpty);
    }),
    { numRuns: 60 },
  );
});
