import { describe, expect, it } from 'vitest';
import { backOffSeconds } from './back-off.js';

describe('the pause before the next try', () => {
  it('doubles from a second up to five minutes', () => {
    const middle = [0, 1, 2, 8, 9, 5000].map((failures) => backOffSeconds(failures, () => 0.5));
    expect(middle).toEqual([1, 2, 4, 256, 300, 300]);
  });

  it('is a quarter shorter or longer by chance', () => {
    expect([backOffSeconds(2, () => 0), backOffSeconds(2, () => 1)]).toEqual([3, 5]);
  });
});
