import { describe, expect, it } from 'vitest';
import { RetrySchedule } from './retry-schedule.js';

describe('RetrySchedule', () => {
  it('waits longer and longer, over three days, then gives up', () => {
    const schedule = new RetrySchedule(undefined, () => 0);
    const delays = Array.from({ length: 10 }, (_, index) => schedule.next(index + 1, null));
    expect(delays).toEqual([5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400, null]);
  });

  it('adds up to a fifth by chance', () => {
    expect(new RetrySchedule([100], () => 0.5).next(1, null)).toBeCloseTo(110);
    expect(new RetrySchedule([100], () => 1).next(1, null)).toBeCloseTo(120);
  });

  it('waits for as long as the receiver asks, a day at most, and never more often', () => {
    const schedule = new RetrySchedule([100], () => 0);
    expect(schedule.next(1, 20)).toBe(100);
    expect(schedule.next(1, 700)).toBe(700);
    expect(schedule.next(1, 10 * 86_400)).toBe(86_400);
    expect(schedule.next(2, 700)).toBeNull();
  });
});
