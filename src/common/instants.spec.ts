import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readDateTime, readDay, readInstant } from './instants.js';

describe(readInstant, () => {
  it.each([
    ['1990', '1990-01-01 00:00:00.000000'],
    ['1990-05', '1990-05-01 00:00:00.000000'],
    ['2024-02-29', '2024-02-29 00:00:00.000000'],
    ['2023-01-25T18:13:22Z', '2023-01-25 18:13:22.000000'],
    ['2023-01-25T18:13:22.123456789+02:00', '2023-01-25 16:13:22.123456'],
    ['2023-01-01T00:30:00-05:30', '2023-01-01 06:00:00.000000'],
  ])('reads %s as %s', (text, instant) => {
    expect(readInstant(text)).toBe(instant);
  });

  it.each([
    ['a day that its month lacks', '2021-02-30'],
    ['a leap day in a plain year', '2023-02-29'],
    ['a thirteenth month', '2021-13'],
    ['month zero', '2021-00'],
    ['year zero', '0000'],
    ['two digits', '90'],
    ['a time without offset', '2021-01-01T00:00:00'],
    ['a blank for the T', '2021-01-01 00:00:00Z'],
    ['hour 24', '2021-01-01T24:00:00Z'],
    ['a leap second', '2016-12-31T23:59:60Z'],
    ['an offset of 24 hours', '2021-01-01T00:00:00+24:00'],
    ['an instant before the year 1', '0001-01-01T00:00:00+01:00'],
    ['an instant after the year 9999', '9999-12-31T23:30:00-01:00'],
    ['words', 'tomorrow'],
    ['nothing', ''],
  ])('refuses %s', (_, text) => {
    expect(readInstant(text)).toBeNull();
  });

  it('orders texts as instants', () => {
    const date = fc.date({ min: new Date('0001-01-02Z'), max: new Date('9999-12-30Z'), noInvalidDate: true });
    fc.assert(
      fc.property(date, date, (left, right) => {
        const [first, second] = [readInstant(left.toISOString())!, readInstant(right.toISOString())!];
        expect(first < second).toBe(left < right);
      }),
    );
  });
});

describe(readDateTime, () => {
  it('takes no partial date', () => {
    expect(readDateTime('1990')).toBeNull();
    expect(readDateTime('1990-05-17')).toBeNull();
  });
});

describe(readDay, () => {
  it('takes whole days only', () => {
    expect(readDay('2024-02-29')).toBe('2024-02-29');
    expect(readDay('2024-02')).toBeNull();
    expect(readDay('2024-02-30')).toBeNull();
  });
});
