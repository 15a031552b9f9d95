import { describe, expect, it } from 'vitest';
import { runReport } from '../../test/support/report-runner.js';

const comments = `SELECT * FROM (VALUES
  ('Ann', TIMESTAMP '1999-12-31 23:59:59.999999'), ('Ann', TIMESTAMP '2000-01-01'), ('Ann', TIMESTAMP '2001-06-01'),
  ('Cid', TIMESTAMP '2000-05-05'), ('Cid', TIMESTAMP '2002-05-05'),
  ('Bob', TIMESTAMP '2000-03-03'), ('Bob', TIMESTAMP '2003-03-03'),
  ('Dee', NULL), (NULL, TIMESTAMP '2000-01-01')) AS t(name, date)`;
const run = (parameters: unknown, rows = comments) =>
  runReport('top-commenters', { tables: { comments: rows }, parameters });

describe('top-commenters', () => {
  it('ranks by number of comments, equal numbers by name', async () => {
    expect(await run({})).toEqual([
      { name: 'Ann', comment_count: 3n },
      { name: 'Bob', comment_count: 2n },
      { name: 'Cid', comment_count: 2n },
      { name: 'Dee', comment_count: 1n },
    ]);
  });

  it('cuts a tie at the limit by name', async () => {
    expect((await run({ limit: 2 })).map((row) => row['name'])).toEqual(['Ann', 'Bob']);
  });

  it('counts within the bounds only, to the microsecond', async () => {
    expect(await run({ commented_at: { $gte: '2000', $lt: '2001' } })).toEqual([
      { name: 'Ann', comment_count: 1n },
      { name: 'Bob', comment_count: 1n },
      { name: 'Cid', comment_count: 1n },
    ]);
    expect(await run({ commented_at: { $lt: '2000' } })).toEqual([{ name: 'Ann', comment_count: 1n }]);
  });

  it('applies the threshold to the counts and the set to the names', async () => {
    expect(await run({ comment_threshold: { gt: 1, lt: 3 } })).toHaveLength(2);
    expect(await run({ comment_threshold: { $gt: 1 }, names: { exclude: ['Bob'] } })).toEqual([
      { name: 'Ann', comment_count: 3n },
      { name: 'Cid', comment_count: 2n },
    ]);
    expect(await run({ names: { include: ['Dee', 'Nobody'] } })).toEqual([{ name: 'Dee', comment_count: 1n }]);
  });

  it('reads dates that came as text, and runs where there are none', async () => {
    const texts = `SELECT * FROM (VALUES ('Ann', '2000-01-01T00:30:00+01:00'), ('Ann', '2000-01-01'), ('Bob', 'soon')) AS t(name, date)`;
    expect(await run({ commented_at: { $gte: '2000' } }, texts)).toEqual([{ name: 'Ann', comment_count: 1n }]);
    expect(await run({}, `SELECT 'Ann' AS name`)).toEqual([{ name: 'Ann', comment_count: 1n }]);
  });
});
