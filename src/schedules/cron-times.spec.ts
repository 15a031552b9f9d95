import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CronTimes } from './cron-times.js';

const BERLIN = 'Europe/Berlin';
const NEW_YORK = 'America/New_York';

/** Everything that is named after one instant, up to another one, both as UTC to the minute. */
function between(expression: string, zone: string, [after, until]: [string, string]): string[] {
  const times = CronTimes.of(expression, zone);
  const found: string[] = [];
  const end = new Date(`${until}Z`);
  for (let at = times.next(new Date(`${after}Z`)); at !== null && at <= end; at = times.next(at)) {
    found.push(at.toISOString().replace(':00.000Z', ''));
  }
  return found;
}

describe('when clocks go forward', () => {
  // Berlin: 02:00 becomes 03:00 at 01:00 UTC. New York: 02:00 becomes 03:00 at 07:00 UTC.
  it.each([
    ['a fixed time in the gap', '30 2 * * *', BERLIN, ['2026-03-28T01:30', '2026-03-29T01:00', '2026-03-30T00:30']],
    ['the first moment after it', '0 3 * * *', BERLIN, ['2026-03-28T02:00', '2026-03-29T01:00', '2026-03-30T01:00']],
    ['two times in the gap', '0,30 2 * * *', BERLIN, ['2026-03-28T01:00', '2026-03-28T01:30', '2026-03-29T01:00', '2026-03-30T00:00', '2026-03-30T00:30']],
    ['one in it, one after', '30 2,3 29 * *', BERLIN, ['2026-03-29T01:00', '2026-03-29T01:30']],
    ['a wildcard minute in the gap', '*/20 2 * * *', BERLIN, ['2026-03-28T01:00', '2026-03-28T01:20', '2026-03-28T01:40', '2026-03-30T00:00', '2026-03-30T00:20', '2026-03-30T00:40']],
    ['before it', '59 1 * * *', BERLIN, ['2026-03-28T00:59', '2026-03-29T00:59', '2026-03-29T23:59']],
  ])('fires %s (%s, %s)', (_, expression, zone, expected) => {
    expect(between(expression, zone, ['2026-03-27T23:00', '2026-03-30T02:00'])).toEqual(expected);
  }); // prettier-ignore

  it('fires in New York as in Berlin', () => {
    const span: [string, string] = ['2026-03-07T06:00', '2026-03-09T12:00'];
    expect(between('30 2 * * *', NEW_YORK, span)).toEqual(['2026-03-07T07:30', '2026-03-08T07:00', '2026-03-09T06:30']);
    expect(between('*/30 2 * * *', NEW_YORK, span)).toEqual([
      ...['2026-03-07T07:00', '2026-03-07T07:30'],
      ...['2026-03-09T06:00', '2026-03-09T06:30'],
    ]);
  });

  it('fires every hour every hour', () => {
    expect(between('0 * * * *', BERLIN, ['2026-03-28T23:30', '2026-03-29T03:00'])).toEqual([
      ...['2026-03-29T00:00', '2026-03-29T01:00', '2026-03-29T02:00', '2026-03-29T03:00'],
    ]);
  });
});

describe('when clocks go back', () => {
  // Berlin: 03:00 becomes 02:00 at 01:00 UTC. New York: 02:00 becomes 01:00 at 06:00 UTC.
  it('fires a fixed time in the first of the two hours', () => {
    const night: [string, string] = ['2026-10-24T12:00', '2026-10-26T12:00'];
    expect(between('30 2 * * *', BERLIN, night)).toEqual(['2026-10-25T00:30', '2026-10-26T01:30']);
    expect(between('0 3 * * *', BERLIN, night)).toEqual(['2026-10-25T02:00', '2026-10-26T02:00']);
    const newYork: [string, string] = ['2026-10-31T12:00', '2026-11-02T12:00'];
    expect(between('30 1 * * *', NEW_YORK, newYork)).toEqual(['2026-11-01T05:30', '2026-11-02T06:30']);
  });

  it('fires by the wall in both of them', () => {
    const hours: [string, string] = ['2026-10-24T23:40', '2026-10-25T02:20'];
    expect(between('*/20 2 * * *', BERLIN, hours)).toEqual([
      ...['2026-10-25T00:00', '2026-10-25T00:20', '2026-10-25T00:40'],
      ...['2026-10-25T01:00', '2026-10-25T01:20', '2026-10-25T01:40'],
    ]);
    expect(between('30 * * * *', NEW_YORK, ['2026-11-01T05:00', '2026-11-01T07:30'])).toEqual([
      ...['2026-11-01T05:30', '2026-11-01T06:30', '2026-11-01T07:30'],
    ]);
  });

  it('goes on from within the second hour', () => {
    expect(between('30 2 * * *', BERLIN, ['2026-10-25T01:10', '2026-10-26T02:00'])).toEqual(['2026-10-26T01:30']);
  });
});

describe('CronTimes', () => {
  it('takes seconds as a first of six fields', () => {
    const times = CronTimes.of('*/20 59 23 31 12 *', 'Asia/Kolkata');
    expect(times.upcoming(new Date('2026-01-01T00:00:00Z'), 3).map((time) => time.toISOString())).toEqual([
      ...['2026-12-31T18:29:00.000Z', '2026-12-31T18:29:20.000Z', '2026-12-31T18:29:40.000Z'],
    ]);
  });

  it.each(['0 6 * * 1-5', ' 0  6 * * MON-FRI ', '* * * * * *', '0 0 L * *', '0 0 29 2 *', '0 9 * * MON#2'])(
    'takes %j',
    (expression) => {
      expect(CronTimes.problemOf(expression)).toBeNull();
    },
  );

  it.each([
    ['four fields', '* * * *', /five fields/],
    ['seven fields', '* * * * * * 2026', /five fields/],
    ['a name for all', '@daily', /five fields/],
    ['the moment of reading', '? * * * *', /five fields/],
    ['a minute too many', '60 * * * *', /no cron expression: .*60/],
    ['no step', '*/0 * * * *', /no cron expression/],
    ['words', 'a b c d e', /no cron expression/],
    ['a day that never comes', '0 0 30 2 *', /never|no moment/],
  ])('refuses %s', (_, expression, problem) => {
    expect(CronTimes.problemOf(expression)).toMatch(problem);
  });

  it('finds the last moment as going through all of them does', () => {
    const times = CronTimes.of('*/7 3-5,22 * * 1,3', BERLIN);
    const first = times.next(new Date('2026-03-20T00:00:00Z'))!;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 * 86_400 }), (seconds) => {
        const until = new Date(first.getTime() + seconds * 1000);
        let expected = first;
        for (let at = times.next(first); at !== null && at <= until; at = times.next(at)) expected = at;
        expect(times.latest(first, until)).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  it('finds the last second of a year at once', () => {
    const times = CronTimes.of('* * * * * *', 'UTC');
    const until = new Date('2027-01-01T00:00:00.500Z');
    expect(times.latest(new Date('2026-01-01T00:00:00Z'), until)).toEqual(new Date('2027-01-01T00:00:00Z'));
  });
});
