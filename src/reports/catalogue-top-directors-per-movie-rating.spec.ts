import { describe, expect, it } from 'vitest';
import { runReport } from '../../test/support/report-runner.js';

const movies = `SELECT * FROM (VALUES
  (['Ann', 'Ben'], {rating: '7.1', votes: '5'}, 90, TIMESTAMP '1990-01-01'),
  (['Ann'], {rating: '6.3', votes: '5'}, 100, TIMESTAMP '1995-01-01'),
  (['Cy'], {rating: '6.7', votes: '5'}, NULL, TIMESTAMP '1995-01-01'),
  (['Dee'], {rating: '', votes: ''}, 61, NULL),
  (['Ben'], {rating: '', votes: ''}, 61, TIMESTAMP '2001-01-01'),
  (NULL, {rating: '9.9', votes: '5'}, 61, TIMESTAMP '2001-01-01')) AS t(directors, imdb, runtime, released)`;
const run = (parameters: unknown) => runReport('top-directors-per-movie-rating', { tables: { movies }, parameters });

describe('top-directors-per-movie-rating', () => {
  it('averages what there is; equal averages go by name', async () => {
    expect(await run({})).toEqual([
      { name: 'Ben', average_rating: 7.1, average_screen_playtime: 75.5, movie_count: 2n },
      { name: 'Ann', average_rating: 6.7, average_screen_playtime: 95, movie_count: 2n },
      { name: 'Cy', average_rating: 6.7, average_screen_playtime: null, movie_count: 1n },
      { name: 'Dee', average_rating: null, average_screen_playtime: 61, movie_count: 1n },
    ]);
    expect((await run({ limit: 2 })).map((row) => row['name'])).toEqual(['Ben', 'Ann']);
  });

  it('filters by movies, release and name', async () => {
    expect((await run({ movie_count: { $gte: 2 } })).map((row) => row['name'])).toEqual(['Ben', 'Ann']);
    expect(await run({ movie_released_at: { $gt: '1990', $lt: '1996' }, directors: { exclude: ['Cy'] } })).toEqual([
      { name: 'Ann', average_rating: 6.3, average_screen_playtime: 100, movie_count: 1n },
    ]);
  });
});
