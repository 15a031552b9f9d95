import { describe, expect, it } from 'vitest';
import { runReport } from '../../test/support/report-runner.js';

const movies = `SELECT * FROM (VALUES
  ('m1', ['Ava', 'Ben'], TIMESTAMP '1991-01-01'), ('m2', ['Ben', 'Ben'], TIMESTAMP '1995-01-01'),
  ('m3', ['Cy'], NULL), ('m4', NULL, TIMESTAMP '1991-01-01'), ('m5', ['Dot'], TIMESTAMP '2005-01-01')) AS t(_id, directors, released)`;
const comments = `SELECT * FROM (VALUES ('m1'), ('m1'), ('m2'), ('m3'), ('m3'), ('m4'), ('gone')) AS t(movie_id)`;
const run = (parameters: unknown, tables = { movies, comments }) =>
  runReport('top-directors-per-comment', { tables, parameters });

describe('top-directors-per-comment', () => {
  it('counts a movie for each of its directors once, and ties by name', async () => {
    expect(await run({})).toEqual([
      { director: 'Ben', comment_count: 3n, movie_count: 2n },
      { director: 'Ava', comment_count: 2n, movie_count: 1n },
      { director: 'Cy', comment_count: 2n, movie_count: 1n },
      { director: 'Dot', comment_count: 0n, movie_count: 1n },
    ]);
    expect((await run({ limit: 2 })).map((row) => row['director'])).toEqual(['Ben', 'Ava']);
  });

  it('filters movies by release, directors by name and by comments', async () => {
    expect(await run({ movie_released_at: { $gte: '1991', $lt: '1992' } })).toEqual([
      { director: 'Ava', comment_count: 2n, movie_count: 1n },
      { director: 'Ben', comment_count: 2n, movie_count: 1n },
    ]);
    expect(await run({ directors: { include: ['Ben', 'Dot'] }, comment_threshold: { $lt: 3 } })).toEqual([
      { director: 'Dot', comment_count: 0n, movie_count: 1n },
    ]);
    expect(await run({ directors: { exclude: ['Ben'] }, comment_threshold: { $gte: 2 }, limit: 1 })).toEqual([
      { director: 'Ava', comment_count: 2n, movie_count: 1n },
    ]);
  });

  it('reads directors from JSON, and a single one that is no list', async () => {
    const asJson = `SELECT * FROM (VALUES ('m1', '["Ava","Ben"]'::JSON), ('m2', '"Ben"'::JSON), ('m3', 'null'::JSON)) AS t(_id, directors)`;
    expect(await run({}, { movies: asJson, comments })).toEqual([
      { director: 'Ben', comment_count: 3n, movie_count: 2n },
      { director: 'Ava', comment_count: 2n, movie_count: 1n },
    ]);
  });
});
