import { expect, it } from 'vitest';
import { rowsPerGroup } from './row-groups.js';

it('keeps the values of a row group bounded, in whole steps of the engine', () => {
  expect([1, 8, 97, 98, 256, 257, 100_000].map((columns) => rowsPerGroup(columns, 40_960))).toEqual([
    40_960, 40_960, 40_960, 38_912, 14_336, 2048, 2048,
  ]);
});
