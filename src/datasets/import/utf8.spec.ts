import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DatasetInvalid } from '../dataset.js';
import { toUtf8 } from './utf8.js';

async function convert(bytes: Buffer, size = 3): Promise<string> {
  async function* pieces() {
    const first = Math.max(size, 4);
    yield bytes.subarray(0, first);
    for (let start = first; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
  }
  const chunks: Buffer[] = [];
  for await (const chunk of toUtf8(pieces(), bytes)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const text = 'store,name\n1,é€😀\n';

describe(toUtf8, () => {
  it('keeps UTF-8 and drops its mark, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 9 }), async (sample, size) => {
        const clean = sample.replaceAll('\0', '').replace(/^\ufeff+/, '');
        expect(await convert(Buffer.from(clean), size)).toBe(clean);
        expect(await convert(Buffer.from(`\ufeff${clean}`), size)).toBe(clean);
      }),
    );
  });

  it('converts UTF-16 of both byte orders', async () => {
    const little = Buffer.from(`\ufeff${text}`, 'utf16le');
    expect(await convert(little)).toBe(text);
    expect(await convert(Buffer.from(little).swap16())).toBe(text);
  });

  it.each([
    ['latin1', Buffer.from('a,b\nx,caf\xe9 au lait\n', 'latin1'), { line: 2, column: 6 }],
    [
      'latin1 after wide characters',
      Buffer.concat([Buffer.from('é€😀,'), Buffer.from([0xe9, 0x2c])]),
      { line: 1, column: 5 },
    ],
    [
      'latin1 after a real replacement',
      Buffer.concat([Buffer.from('\ufffd\n\ufffd'), Buffer.from([0xff, 0x41])]),
      { line: 2, column: 2 },
    ],
    ['UTF-16 without a mark', Buffer.from('a,b\n', 'utf16le'), { line: 1, column: 2 }],
    ['a character that is cut off', Buffer.from('a,é').subarray(0, 3), { line: 1, column: 3 }],
  ])('refuses %s and says where', async (_, bytes, place) => {
    for (const size of [1, 2, 100]) {
      const error: unknown = await convert(bytes, size).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(DatasetInvalid);
      expect(error).toMatchObject({ places: [place] });
    }
  });

  it('refuses UTF-16 that is not', async () => {
    await expect(convert(Buffer.from([0xff, 0xfe, 0x00, 0xd8, 0x41, 0x00]))).rejects.toThrow('begins as UTF-16');
  });
});
