import { describe, expect, it } from 'vitest';
import { runReport } from '../../test/support/report-runner.js';

const comments = `SELECT * FROM (VALUES (TIMESTAMPTZ '2000-12-31 23:30:00+00'), (TIMESTAMPTZ '1999-01-01 00:00:00+00'),
  (TIMESTAMPTZ '2000-02-29 12:00:00+00'), (NULL)) AS t(date)`;
const run = (parameters: unknown, timeZone = 'UTC') =>
  runReport('comments-per-year', { tables: { comments }, parameters, timeZone });

describe('comments-per-year', () => {
  const everyYear = [
    { year: 1999n, comment_count: 1n },
    { year: 2000n, comment_count: 2n },
    { year: null, comment_count: 1n },
  ];

  it('counts by year, oldest first, without a date last', async () => {
    expect(await run({})).toEqual(everyYear);
  });

  it('takes years in UTC, whatever the time zone of the request', async () => {
    expect(await run({}, 'Pacific/Auckland')).toEqual(everyYear);
    expect(await run({ commented_at: { $gte: '2000-12-31', $lt: '2001' } }, 'Pacific/Auckland')).toEqual([
      { year: 2000n, comment_count: 1n },
    ]);
  });
});
