import { describe, expect, it } from 'vitest';
import { resolveExportDates, resolveReportDates } from './relative-dates.js';

const MOMENT = { at: new Date('2026-03-29T22:30:00Z'), timeZone: 'Europe/Berlin' };

describe('resolveReportDates', () => {
  it('resolves where the definition expects a date', () => {
    const parameters = {
      seen: { 'x-type': 'range', of: 'date' },
      days: { 'x-type': 'set', of: 'date' },
      moments: { type: 'array', items: { type: 'string', format: 'date-time' } },
      day: { type: 'string', format: 'date' },
      at: { type: 'string', format: 'date-time' },
    } as const;
    const body = {
      report_name: 'now',
      seen: { $gte: 'now-1d/d', lt: 'now/d' },
      days: { include: ['now-1d', '2026-01-01'] },
      moments: ['now/h'],
      day: 'now',
      at: 'now-1500s',
    };
    expect(resolveReportDates(body, parameters, MOMENT)).toEqual({
      report_name: 'now',
      seen: { $gte: '2026-03-28T23:00:00Z', lt: '2026-03-29T22:00:00Z' },
      days: { include: ['2026-03-29', '2026-01-01'] },
      moments: ['2026-03-29T22:00:00Z'],
      day: '2026-03-30',
      at: '2026-03-29T22:05:00Z',
    });
  });

  it('leaves every other text alone', () => {
    const parameters = {
      names: { 'x-type': 'set', of: 'string' },
      word: { type: 'string' },
      at: { type: 'string', format: 'date-time' },
    } as const;
    const body = { names: { include: ['now', 'now/d'] }, word: 'now-1d', at: 'nowhere', unknown: 'now', nothing: null };
    expect(resolveReportDates(body, parameters, MOMENT)).toEqual(body);
  });
});

describe('resolveExportDates', () => {
  it('resolves the bounds of the filter and the query of a URL', () => {
    const body = {
      name: 'now/d',
      source: {
        type: 'http',
        url: 'https://a.example/now/d?since=now-1d%2Fd&until=now%2B1h&view=now&q=a+b%20c&now/d#now/d',
      },
      filter: { at: { $gte: 'now/M' }, word: { include: ['now/d'] } },
    };
    expect(resolveExportDates(body, MOMENT)).toEqual({
      name: 'now/d',
      source: {
        type: 'http',
        url: 'https://a.example/now/d?since=2026-03-28T23%3A00%3A00Z&until=2026-03-29T23%3A30%3A00Z&view=now&q=a+b%20c&now/d#now/d',
      },
      filter: { at: { $gte: '2026-02-28T23:00:00Z' }, word: { include: ['now/d'] } },
    });
  });

  it('leaves SQL and what it does not know alone', () => {
    const body = { source: { type: 'dataset', datasets: 'movies', query: 'now/d' }, filter: 'now/d', format: 'now' };
    expect(resolveExportDates(body, MOMENT)).toEqual(body);
  });
});
