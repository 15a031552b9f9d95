import { describe, expect, it } from 'vitest';
import { verdictOn } from './delivery-verdict.js';
import { RetrySchedule } from './retry-schedule.js';

const schedule = new RetrySchedule([10, 20], () => 0);
const first = { type: 'report.completed', failures: 0 };
const answered = (status: number, retryAfterSeconds: number | null = null) => ({ status, retryAfterSeconds });

describe('verdictOn', () => {
  it.each([200, 201, 202, 204, 299])('takes %i for delivered', (status) => {
    expect(verdictOn(answered(status), first, schedule)).toEqual({
      outcome: { kind: 'delivered' },
      error: null,
      isGone: false,
    });
  });

  it.each([199, 301, 307, 400, 404, 500, 503])('tries again after %i, until the schedule ends', (status) => {
    const outcomes = [0, 1, 2].map((failures) => verdictOn(answered(status), { ...first, failures }, schedule).outcome);
    expect(outcomes).toEqual([
      { kind: 'retry', afterSeconds: 10 },
      { kind: 'retry', afterSeconds: 20 },
      { kind: 'failed' },
    ]);
    expect(verdictOn(answered(status), first, schedule).error).toContain(String(status));
  });

  it('gives up after 410', () => {
    expect(verdictOn(answered(410), first, schedule)).toMatchObject({ outcome: { kind: 'failed' }, isGone: true });
  });

  it.each([
    [429, 60],
    [503, 60],
    [500, 10],
  ])('heeds Retry-After of a %i only if it is busy', (status, afterSeconds) => {
    expect(verdictOn(answered(status, 60), first, schedule).outcome).toEqual({ kind: 'retry', afterSeconds });
  });

  it('tries again without an answer, but not what may never be sent, and no ping', () => {
    const silence = { status: null, error: 'refuses the connection', isFinal: false };
    expect(verdictOn(silence, first, schedule)).toMatchObject({ outcome: { kind: 'retry' }, error: silence.error });
    expect(verdictOn({ ...silence, isFinal: true }, first, schedule).outcome).toEqual({ kind: 'failed' });
    expect(verdictOn(silence, { ...first, type: 'ping' }, schedule).outcome).toEqual({ kind: 'failed' });
  });
});
