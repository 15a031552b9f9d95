import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unwrapExtendedJson } from './extended-json.js';

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function unwrap(text: string, size = 1 << 16): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of unwrapExtendedJson(inPieces(Buffer.from(text), size))) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const CASES: [string, string][] = [
  ['{"_id":{"$oid":"573a1390f29313caabcd42e8"}}', '{"_id":"573a1390f29313caabcd42e8"}'],
  ['{"d":{"$date":{"$numberLong":"-2085523200000"}}}', '{"d":"1903-12-01T00:00:00.000Z"}'],
  ['{ "d" : { "$date" : "2015-08-08T19:16:10Z" } }', '{ "d" : "2015-08-08T19:16:10.000Z" }'],
  ['{"d":{"$date":"2015-08-08T21:16:10.5+02:00"}}', '{"d":"2015-08-08T19:16:10.500Z"}'],
  ['{"d":{"$date":1439061370123}}', '{"d":"2015-08-08T19:16:10.123Z"}'],
  ['{"d":{"$date":{"$numberLong":"253402300800000"}}}', '{"d":"10000-01-01T00:00:00.000Z"}'],
  ['{"d":{"$date":{"$numberLong":"-62198755200000"}}}', '{"d":"-0001-01-01T00:00:00.000Z"}'],
  ['{"d":{"$date":"not a date"}}', '{"d":"not a date"}'],
  ['[{"$numberInt":"-5"},{"$numberLong":"9223372036854775807"}]', '[-5,9223372036854775807]'],
  ['{"n":{"$numberLong":"9223372036854775808"}}', '{"n":"9223372036854775808"}'],
  ['[{"$numberDouble":"1.5e3"},{"$numberDouble":"NaN"},{"$numberDouble":"-Infinity"}]', '[1.5e3,NaN,-Infinity]'],
  ['{"$numberDecimal":"1.10000000000000000000000000000000001"}', '"1.10000000000000000000000000000000001"'],
  ['{"b":{"$binary":{"base64":"AQID","subType":"04"}}}', '{"b":"AQID"}'],
  ['{"u":{"$uuid":"d9428888-122b-11e1-b85c-61cd3cbb3210"}}', '{"u":"d9428888-122b-11e1-b85c-61cd3cbb3210"}'],
  ['{"a":\n{"$oid":\n"x"}\n}', '{"a":\n"x"\n\n}'],
  ['{"a":{"$undefined":true},"b":{"$symbol":"s"}}', '{"a":null,"b":"s"}'],
  ['{"ref":{"$ref":"c","$id":{"$oid":"x"}}}', '{"ref":{"$ref":"c","$id":"x"}}'],
];

describe(unwrapExtendedJson, () => {
  it.each(CASES)('turns %s into %s, wherever it is cut', async (text, expected) => {
    for (let size = 1; size <= text.length; size += 1) expect(await unwrap(text, size)).toBe(expected);
  });

  it('does not touch what only looks like a wrapper inside of a string', async () => {
    const text = JSON.stringify({ a: '{"$oid":"x"}', 'b{"$oid":"': '{', c: '\\{"$date":1}', d: 'é😀{' });
    expect(await unwrap(text, 3)).toBe(text);
  });

  it('leaves plain JSON as it is, byte for byte', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.integer({ min: 1, max: 50 }), async (text, size) => {
        fc.pre(!text.includes('"$'));
        expect(await unwrap(text, size)).toBe(text);
      }),
    );
  });

  it('unwraps values that are far longer than a chunk', async () => {
    const base64 = 'A'.repeat(30_000);
    const text = `{"b":{"$binary":{"base64":"${base64}","subType":"00"}}}`;
    expect(await unwrap(text, 1000)).toBe(`{"b":"${base64}"}`);
  });
});
