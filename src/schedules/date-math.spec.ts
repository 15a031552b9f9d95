import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDateMath, resolveDateMath } from './date-math.js';
import { instantOf, offsetAt, wallOf } from './zoned-time.js';

const BERLIN = 'Europe/Berlin';

const resolve = (text: string, now: string, zone = BERLIN): string | undefined =>
  resolveDateMath(text, new Date(now), zone)?.toISOString();

describe('resolveDateMath', () => {
  it.each([
    ['now', '2026-11-21T10:20:30.456Z'],
    ['now/s', '2026-11-21T10:20:30.000Z'],
    ['now/m', '2026-11-21T10:20:00.000Z'],
    ['now/h', '2026-11-21T10:00:00.000Z'],
    ['now/d', '2026-11-20T23:00:00.000Z'],
    ['now/w', '2026-11-15T23:00:00.000Z'],
    ['now/M', '2026-10-31T23:00:00.000Z'],
    ['now/y', '2025-12-31T23:00:00.000Z'],
    ['now-1d/d', '2026-11-19T23:00:00.000Z'],
    ['now/d-1d', '2026-11-19T23:00:00.000Z'],
    ['now-1M/M+1d', '2026-10-01T22:00:00.000Z'],
    ['now+2w', '2026-12-05T10:20:30.456Z'],
    ['now-90m', '2026-11-21T08:50:30.456Z'],
    ['now-36h+10s', '2026-11-19T22:20:40.456Z'],
    ['now-2y/y', '2023-12-31T23:00:00.000Z'],
  ])('resolves %s', (text, expected) => {
    expect(resolve(text, '2026-11-21T10:20:30.456Z')).toBe(expected);
  });

  it('counts months to the last day that there is', () => {
    expect(resolve('now+1M', '2026-01-31T12:00:00Z', 'UTC')).toBe('2026-02-28T12:00:00.000Z');
    expect(resolve('now+1M+1M', '2026-01-31T12:00:00Z', 'UTC')).toBe('2026-03-28T12:00:00.000Z');
    expect(resolve('now-1M', '2026-03-31T12:00:00Z', 'UTC')).toBe('2026-02-28T12:00:00.000Z');
    expect(resolve('now+1y', '2024-02-29T12:00:00Z', 'UTC')).toBe('2025-02-28T12:00:00.000Z');
    expect(resolve('now-13M/M', '2026-01-31T12:00:00Z', 'UTC')).toBe('2024-12-01T00:00:00.000Z');
  });

  it('counts days by the wall and hours by the time that passes', () => {
    // 29 March 2026 has 23 hours in Berlin, 25 October 25.
    expect(resolve('now-1d', '2026-03-29T10:00:00Z')).toBe('2026-03-28T11:00:00.000Z');
    expect(resolve('now-24h', '2026-03-29T10:00:00Z')).toBe('2026-03-28T10:00:00.000Z');
    expect(resolve('now/d', '2026-03-29T10:00:00Z')).toBe('2026-03-28T23:00:00.000Z');
    expect(resolve('now/d+1d', '2026-03-29T10:00:00Z')).toBe('2026-03-29T22:00:00.000Z');
    expect(resolve('now/d', '2026-10-25T12:00:00Z')).toBe('2026-10-24T22:00:00.000Z');
    expect(resolve('now+1d/d', '2026-10-25T12:00:00Z')).toBe('2026-10-25T23:00:00.000Z');
  });

  it('moves out of a gap by its length, and keeps to its side of a doubled hour', () => {
    expect(resolve('now+1d', '2026-03-28T01:30:00Z')).toBe('2026-03-29T01:30:00.000Z');
    expect(resolve('now/h', '2026-10-25T00:40:00Z')).toBe('2026-10-25T00:00:00.000Z');
    expect(resolve('now/h', '2026-10-25T01:40:00Z')).toBe('2026-10-25T01:00:00.000Z');
    expect(resolve('now-1d', '2026-10-26T01:30:00Z')).toBe('2026-10-25T01:30:00.000Z');
    expect(resolve('now+1d', '2026-10-24T00:30:00Z')).toBe('2026-10-25T00:30:00.000Z');
  });

  it('begins a day without a midnight with its first moment', () => {
    // Cairo: 24 April 2026 begins at 01:00.
    expect(resolve('now/d', '2026-04-24T10:00:00Z', 'Africa/Cairo')).toBe('2026-04-23T22:00:00.000Z');
  });

  it('rounds hours where offsets are not whole ones', () => {
    expect(resolve('now/h', '2026-01-01T10:10:00Z', 'Asia/Kolkata')).toBe('2026-01-01T09:30:00.000Z');
  });

  it.each(['nowhere', 'now ', ' now', 'Now', 'now-1', 'now-d', 'now-1x', 'now/', 'now/D', 'now||/d', 'now-1d/d!', 'today', '2026-01-01||+1d', 'now-1234567s', 'now\n'])(
    'leaves %j alone',
    (text) => {
      expect(isDateMath(text)).toBe(false);
      expect(resolve(text, '2026-01-01T00:00:00Z')).toBeUndefined();
    },
  ); // prettier-ignore

  it('leads nowhere beyond the years', () => {
    expect(resolve('now+9000y', '2026-01-01T00:00:00Z')).toBeUndefined();
    expect(resolve('now-999999M', '2026-01-01T00:00:00Z')).toBeUndefined();
    expect(resolve('now+999999y', '2026-01-01T00:00:00Z')).toBeUndefined();
  });
});

describe('the time on the wall', () => {
  const zone = fc.constantFrom(
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kolkata',
    'Africa/Cairo',
  );
  const date = fc.date({ min: new Date('1990-01-01Z'), max: new Date('2040-01-01Z'), noInvalidDate: true });

  it('leads back to its instant', () => {
    fc.assert(
      fc.property(date, zone, (instant, where) => {
        expect(instantOf(wallOf(instant, where), where, offsetAt(instant, where))).toEqual(instant);
      }),
    );
  });

  it('rounds down to a moment that rounds to itself and is not later', () => {
    fc.assert(
      fc.property(date, zone, fc.constantFrom('y', 'M', 'w', 'd'), (instant, where, unit) => {
        const rounded = resolveDateMath(`now/${unit}`, instant, where)!;
        expect(rounded <= instant).toBe(true);
        expect(resolveDateMath(`now/${unit}`, rounded, where)).toEqual(rounded);
      }),
    );
  });
});
