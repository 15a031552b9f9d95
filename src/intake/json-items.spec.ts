import fc from 'fast-check';
import { expect, it } from 'vitest';
import { jsonItems } from './json-items.js';

const items = (text: string): string[] => jsonItems(Buffer.from(text)).map(String);

it.each([
  ['{"a": 1.0}', ['{"a": 1.0}']],
  [' [ ] ', []],
  [' ', []],
  ['[{"a":"],[\\"}"} , {"b":[1,{"c":2}]}]', ['{"a":"],[\\"}"}', '{"b":[1,{"c":2}]}']],
  ['[12345678901234567890, "x"]\n', ['12345678901234567890', '"x"']],
])('takes %j apart, byte by byte', (text, expected) => {
  expect(items(text)).toEqual(expected);
});

it('finds the items of any array', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), (values) => {
      const found = items(JSON.stringify(values, null, 2)).map((text): unknown => JSON.parse(text));
      expect(found).toEqual(JSON.parse(JSON.stringify(values)));
    }),
  );
});
