import { expect, it } from 'vitest';
import { fromPointer, pointerTo } from './json-pointer.js';

it('writes and reads pointers', () => {
  expect(pointerTo('a/b', 0, '~1')).toBe('/a~1b/0/~01');
  expect(fromPointer('/a~1b/0/~01')).toEqual(['a/b', '0', '~1']);
  expect(fromPointer('')).toEqual([]);
});
