import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PageUnreadable } from './json-bytes.js';
import { readJsonPage, readNdjsonPage, scalarAt } from './json-page.js';
import { stepsOf } from './page-path.js';
import { typeOf } from './value-kinds.js';

const read = (text: string, path = '', flatten = false) =>
  readJsonPage(Buffer.from(text), { path: stepsOf(path), flatten });
const linesOf = (records: Buffer): string[] => records.toString().split('\n');
const typesOf = (text: string): Record<string, string> =>
  Object.fromEntries(read(text).columns.map(({ name, kinds }) => [name, typeOf(kinds)]));

function faultOf(text: string, path = ''): PageUnreadable {
  try {
    read(text, path);
  } catch (error) {
    if (error instanceof PageUnreadable) return error;
    throw error;
  }
  throw new Error('It can be read.');
}

describe('a page of JSON', () => {
  it('gives each record on a line of its own, in its very bytes', () => {
    const page = read(
      '{"data": {"items": [ {"a": 12345678901234567890,\n "b": [1,\r\n2]} , {"a":1.50}\n]}}',
      'data.items',
    );
    expect(linesOf(page.records).map((line) => line.trim())).toEqual([
      '{"a": 12345678901234567890,  "b": [1,  2]}',
      '{"a":1.50}',
    ]);
    expect(page).toMatchObject({ rows: 2, largest: 42 });
  });

  it('gives any records, however they are written', () => {
    const name = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0'));
    const records = fc.array(fc.dictionary(name, fc.jsonValue()), { maxLength: 8 });
    fc.assert(
      fc.property(records, fc.constantFrom(0, 2), fc.boolean(), (rows, indent, flatten) => {
        const text = JSON.stringify({ before: [rows], '': rows, after: 1 }, null, indent);
        const page = read(text, '/', flatten);
        const found = page.rows === 0 ? [] : linesOf(page.records).map((line) => JSON.parse(line) as unknown);
        expect(found).toEqual(JSON.parse(JSON.stringify(rows)));
        expect(new Set(page.columns.map(({ name }) => name))).toEqual(new Set(rows.flatMap((row) => Object.keys(row))));
        expect(JSON.parse(page.envelope?.toString() ?? '')).toMatchObject({ '': [], after: 1 });
      }),
    );
  });

  it('keeps columns in the order in which they are seen first', () => {
    const { columns } = read('[{"b":1},{"a":1,"b":2},{"c":null,"__proto__":1,"a":2}]');
    expect(columns.map(({ name }) => name)).toEqual(['b', 'a', 'c', '__proto__']);
  });

  it('knows a name in every spelling', () => {
    expect(read('[{"ab":1},{"a\\u0062":2}]').columns).toHaveLength(1);
  });

  it('finds the types that hold every value', () => {
    const row = (value: string) => `{"x":${value}}`;
    const typeOfAll = (...values: string[]) => typesOf(`[${values.map(row).join(',')}]`)['x'];
    expect(typeOfAll('1', 'null', '-9223372036854775808')).toBe('BIGINT');
    expect(typeOfAll('9223372036854775808')).toBe('HUGEINT');
    expect(typeOfAll('9'.repeat(38))).toBe('HUGEINT');
    expect(typeOfAll('9'.repeat(39))).toBe('VARCHAR');
    expect(typeOfAll('1', '1.5', '9007199254740992')).toBe('DOUBLE');
    expect(typeOfAll('1.5', '9007199254740993')).toBe('VARCHAR');
    expect(typeOfAll('0.1234567890123456789')).toBe('VARCHAR');
    expect(typeOfAll('1e400')).toBe('VARCHAR');
    expect(typeOfAll('true', 'false')).toBe('BOOLEAN');
    expect(typeOfAll('true', '1')).toBe('VARCHAR');
    expect(typeOfAll('"2026-01-01"')).toBe('VARCHAR');
    expect(typeOfAll('null')).toBe('VARCHAR');
    expect(typeOfAll('{}', '[1]', 'null')).toBe('JSON');
    expect(typeOfAll('{}', '"a"')).toBe('VARCHAR');
  });

  it('turns numbers into text whose digits no number of the engine keeps', () => {
    const page = read('{"r":[{"x":0.1234567890123456789,"y":1},{"x":1e999}],"n":1}', 'r');
    expect(linesOf(page.records)).toEqual(['{"x":"0.1234567890123456789","y":1}', '{"x":"1e999"}']);
  });

  it('replaces halves of surrogate pairs and counts them', () => {
    const page = read(String.raw`[{"a":"\ud800x \udc00 \ud83d\ude00"}]`);
    expect(JSON.parse(page.records.toString())).toEqual({ a: '\ufffdx \ufffd 😀' });
    expect(page.replaced).toBe(2);
  });

  it('takes null and an empty list for no records', () => {
    expect(read('{"items":null}', 'items').rows).toBe(0);
    expect(read('{"items":[ ]}', 'items').rows).toBe(0);
  });

  it.each<[text: string, path: string, offset: number, message: RegExp]>([
    ['{"items":[{"a":1}]', 'items', 18, /ends where/],
    ['{"items":[{"a":1},]}', 'items', 18, /record 2 is no object/],
    ['{"items":[{"a":1,}]}', 'items', 17, /name in quotes/],
    ['[{"a":1} {"a":2}]', '', 9, /comma/],
    ['[{"a":1}] x', '', 10, /must end here/],
    ['[{"a":01}]', '', 6, /begins with 0/],
    ['[{"a":.5}]', '', 6, /a value/],
    ['[{"a":nul}]', '', 6, /a value/],
    ['[{"a":"\t"}]', '', 7, /control character/],
    [String.raw`[{"a":"\x"}]`, '', 7, /escape/],
    ['[{"a":"x}]', '', 6, /does not end/],
    ['[{"a":1,"a":2}]', '', 12, /"a" twice/],
    ['[1]', '', 1, /record 1 is no object/],
    [String.raw`[{"a\u0000":1}]`, '', 3, /U\+0000/],
    ['{"items":{}}', 'items', 9, /no array/],
    ['{"other":[]}', 'items', 0, /nothing at records_path/],
    ['<html>', '', 0, /no array/],
    ['', '', 0, /no array/],
    [`[{"a":${'['.repeat(600)}`, '', 505, /deeper/],
  ])('refuses %.40j with the place', (text, path, offset, message) => {
    const fault = faultOf(text, path);
    expect(fault.message).toMatch(message);
    expect(fault.offset).toBe(offset);
  });

  it('refuses bytes that are no UTF-8', () => {
    expect(() => readJsonPage(Buffer.from([0x5b, 0xff, 0x5d]), { path: [], flatten: false })).toThrow('UTF-8');
  });
});

describe('a page of NDJSON', () => {
  const readLines = (text: string) => readNdjsonPage(Buffer.from(text), { flatten: false });

  it('takes lines with any end, and blank ones', () => {
    expect(readLines('\ufeff{"a":1}\r\n\n {"b":2} \n{"a":3}').rows).toBe(3);
  });

  it.each(['{"a":1},\n{"a":2}', '{"a":1}{"a":2}', '{"a":\n1}', '[{"a":1}]'])('refuses %j', (text) => {
    expect(() => readLines(text)).toThrow(PageUnreadable);
  });
});

describe('scalarAt', () => {
  const page = Buffer.from('{"a":{"b":[{"c":12345678901234567890},"x\\u0041"],"n":null},"d":{}}');

  it.each([
    ['a.b.0.c', '12345678901234567890'],
    ['/a/b/1', 'xA'],
    ['a.n', null],
    ['d', null],
    ['a.z', null],
    ['a.b.0.c.e', null],
  ])('finds %s', (path, value) => {
    expect(scalarAt(page, stepsOf(path))).toBe(value);
  });
});
