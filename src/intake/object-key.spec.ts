import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { objectKeys } from './object-key.js';

const first = (title: string): string | undefined => objectKeys(title, '12345')[0];

describe('names of documents', () => {
  it('are the title, then the title with the id, then with its digest', () => {
    expect(objectKeys('LoremIpsum', '12345')).toEqual([
      'LoremIpsum.json',
      'LoremIpsum-12345.json',
      expect.stringMatching(/^LoremIpsum-[\da-f]{40}\.json$/),
    ]);
    expect(objectKeys('A', 'an id / with spaces')[1]).toMatch(/^A-[\da-f]{12}\.json$/);
  });

  it.each([
    ['../../etc/passwd', '_.._etc_passwd.json'],
    ['..\\..\\boot', '_.._boot.json'],
    ['.hidden', 'hidden.json'],
    ['...', 'untitled.json'],
    ['a\u0000b\nc', 'a_b_c.json'],
    ['evil\u202egpj', 'evil_gpj.json'],
    ['Żółw 学習 🙂', 'Żółw 学習 🙂.json'],
    ['e\u0301te\u0301', '\u00e9t\u00e9.json'],
  ])('makes %j the name %j', (title, name) => {
    expect(first(title)).toBe(name);
  });

  it('cuts long titles between characters as people see them', () => {
    const name = first('👩‍👩‍👧‍👦'.repeat(50)) ?? '';
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200);
    expect(name.replace('.json', '').split('👩‍👩‍👧‍👦').join('')).toBe('');
  });

  it('are always one safe segment of at most 200 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ minLength: 1 }), (title, id) => {
        for (const name of objectKeys(title, id)) {
          expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200);
          expect(name).toMatch(/^[^./\\\p{Cc}][^/\\\p{Cc}]*\.json$/u);
          expect(name).toBe(name.normalize('NFC'));
        }
        expect(new Set(objectKeys(title, id)).size).toBe(3);
      }),
    );
  });
});
