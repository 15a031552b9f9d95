import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { queueJson, queueText } from './queue-text.js';

/** As the reference of SendMessage has it. */
const TAKEN = /^[\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]*$/u;

describe('JSON for a queue', () => {
  it.each(['\ufffe', '\uffff', '\u{1ffff}', '\u0000', '\ud800'])('has no character that is refused: %j', (text) => {
    expect(queueJson({ text })).toMatch(TAKEN);
    expect(JSON.parse(queueJson({ text }))).toEqual({ text });
  });

  it('is the same value, whatever its texts', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(queueJson([text])).toMatch(TAKEN);
        expect(JSON.parse(queueJson([text]))).toEqual([text]);
      }),
    );
  });
});

describe('a group or id for a queue', () => {
  it('is the text, or its digest where that is refused', () => {
    expect(queueText('run:1')).toBe('run:1');
    expect(['', 'two words', 'ü', 'x'.repeat(129)].map(queueText)).toEqual(
      Array(4).fill(expect.stringMatching(/^[\da-f]{64}$/)),
    );
  });
});
