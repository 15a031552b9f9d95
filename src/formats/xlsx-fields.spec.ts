import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FieldMark, Fields } from './xlsx-fields.js';

type Field = string | null;

/** As the engine writes them: in quotes where a byte of a text would mean something. */
function written(records: readonly (readonly Field[])[]): Buffer {
  const [separator, quote, none] = [FieldMark.Separator, FieldMark.Quote, FieldMark.Null].map((mark) =>
    String.fromCharCode(mark),
  ) as [string, string, string];
  const field = (value: Field): string => {
    if (value === null) return none;
    const needsQuotes = value === none || [separator, quote, '\n', '\r'].some((mark) => value.includes(mark));
    return needsQuotes ? quote + value.replaceAll(quote, quote + quote) + quote : value;
  };
  return Buffer.from(records.map((record) => `${record.map(field).join(separator)}\n`).join(''));
}

function collector() {
  const records: Field[][] = [[]];
  const add = (value: Field) => records.at(-1)?.push(value);
  return {
    sink: {
      value: (bytes: Buffer, from: number, to: number) => void add(bytes.toString('utf8', from, to)),
      nothing: () => void add(null),
      endRecord: () => void records.push([]),
    },
    whole: () => records.slice(0, -1),
  };
}

const field = fc.option(
  fc.oneof(
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.string({ unit: fc.constantFrom('\x01', '\x02', '\x03', '\x04', '\n', '\r', 'a', 'é'), maxLength: 6 }),
  ),
);

it('gives every field back, wherever the stream is cut and however few records are asked for', () => {
  const width = fc.integer({ min: 1, max: 4 });
  const table = width.chain((columns) => fc.array(fc.array(field, { minLength: columns, maxLength: columns })));
  fc.assert(
    fc.property(table, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (records, sizes) => {
      const bytes = written(records);
      const { sink, whole } = collector();
      const fields = new Fields(sink);
      let drained = 0;
      for (let at = 0, cut = 0; at < bytes.length; cut += 1) {
        const size = sizes[cut % sizes.length] ?? 1;
        fields.add(bytes.subarray(at, at + size));
        at += size;
        for (let more = fields.drain(1); more > 0; more = fields.drain(1)) drained += more;
      }
      expect(drained).toBe(records.length);
      expect(whole()).toEqual(records);
    }),
    { numRuns: 500 },
  );
});

it('holds a text of many chunks', () => {
  const text = '\x02a\n'.repeat(500_000);
  const bytes = written([[text, 'next']]);
  const { sink, whole } = collector();
  const fields = new Fields(sink);
  for (let at = 0; at < bytes.length; at += 65_536) {
    fields.add(bytes.subarray(at, at + 65_536));
    fields.drain(10);
  }
  expect(whole()).toEqual([[text, 'next']]);
});
