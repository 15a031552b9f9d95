import { describe, expect, it } from 'vitest';
import { CronTimes } from './cron-times.js';
import { planFirings, type DueSchedule, type Plan } from './occurrences.js';

const HOURLY = CronTimes.of('0 * * * *', 'UTC');
const at = (time: string): Date => new Date(`2026-05-01T${time}Z`);

function plan(now: string, settings: Partial<DueSchedule> = {}, times = HOURLY): Plan {
  return planFirings(
    { misfire: 'run_once', overlap: 'queue', nextAt: at('10:00'), isBusy: false, ...settings },
    times,
    at(now),
  );
}

describe('planFirings', () => {
  it('fires what is due and counts on from it', () => {
    expect(plan('10:00:01')).toEqual({
      firings: [{ occurrence: at('10:00'), outcome: 'pending', detail: null }],
      nextAt: at('11:00'),
    });
  });

  it('fires each of several that are late by seconds', () => {
    const { firings, nextAt } = plan('10:00:03.5', {}, CronTimes.of('* * * * * *', 'UTC'));
    expect(firings.map(({ occurrence, outcome }) => [occurrence, outcome])).toEqual(
      ['10:00:00', '10:00:01', '10:00:02', '10:00:03'].map((time) => [at(time), 'pending']),
    );
    expect(nextAt).toEqual(at('10:00:04'));
  });

  it('takes a minute for being there, and more for a misfire', () => {
    expect(plan('10:01').firings).toMatchObject([{ detail: null }]);
    expect(plan('10:01:00.001').firings).toMatchObject([{ detail: expect.stringContaining('missed: 1.') }]);
  });

  it('makes up for what was missed with one run', () => {
    expect(plan('13:20')).toMatchObject({
      firings: [
        { occurrence: at('13:00'), outcome: 'pending', detail: expect.stringContaining('missed: 4. This run') },
      ],
      nextAt: at('14:00'),
    });
  });

  it('notes only what was missed', () => {
    expect(plan('13:20', { misfire: 'skip' })).toMatchObject({
      firings: [{ occurrence: at('13:00'), outcome: 'skipped_misfire', detail: expect.stringContaining('missed: 4.') }],
      nextAt: at('14:00'),
    });
  });

  it('counts what was missed up to a hundred', () => {
    const { firings } = plan('23:59', {}, CronTimes.of('* * * * * *', 'UTC'));
    expect(firings).toMatchObject([
      { occurrence: at('23:59'), detail: expect.stringContaining('missed: 100 or more.') },
    ]);
  });

  it('does not fire beside a run that has not ended, unless runs may queue up', () => {
    const skipping = { overlap: 'skip', isBusy: true } as const;
    expect(plan('10:00:01', skipping)).toMatchObject({
      firings: [{ outcome: 'skipped_overlap' }],
      nextAt: at('11:00'),
    });
    expect(plan('13:20', skipping)).toMatchObject({
      firings: [{ occurrence: at('13:00'), outcome: 'skipped_overlap' }],
    });
    expect(plan('10:00:01', { overlap: 'queue', isBusy: true })).toMatchObject({ firings: [{ outcome: 'pending' }] });
    const seconds = plan('10:00:02', { overlap: 'skip' }, CronTimes.of('* * * * * *', 'UTC'));
    expect(seconds.firings.map(({ outcome }) => outcome)).toEqual(['pending', 'skipped_overlap', 'skipped_overlap']);
  });
});
