import { describe, expect, it } from 'vitest';
import { faultOf } from './request-input.js';

describe('faultOf', () => {
  it.each([
    ['a zero byte', { a: [{ 'b/c': 'x\0y' }] }, '/a/0/b~1c'],
    ['half a surrogate pair', { a: { b: '\ud800' } }, '/a/b'],
    ['a zero byte in a name', { a: { 'b\0': 1 } }, '/a'],
    ['a text that is the whole body', '\0', ''],
  ])('points to %s', (_, body, pointer) => {
    expect(faultOf(body)).toMatchObject({ pointer });
  });

  it('stops at a depth, however deep it goes on', () => {
    expect(faultOf(nested(64))).toBeNull();
    expect(faultOf(nested(65))?.detail).toContain('64 levels');
    expect(faultOf(nested(500_000))?.detail).toContain('64 levels');
  });

  it('lets all other text pass', () => {
    expect(faultOf({ a: ['😀', '\u0001', '', null, 5, true, { ключ: '\uffff' }] })).toBeNull();
    expect(faultOf(undefined)).toBeNull();
  });
});

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}
