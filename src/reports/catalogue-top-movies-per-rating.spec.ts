import { describe, expect, it } from 'vitest';
import { runReport } from '../../test/support/report-runner.js';

/** Mixed as real documents are: text where a number belongs, a damaged year, people that are missing. */
const movies = `SELECT * FROM (VALUES
  ('1', 'Beta', '1987è', '{"rating":8.1,"votes":500}'::JSON, TIMESTAMP '1987-05-01', ['Al', 'Bo'], ['Ann', 'Zed'], ['Will']),
  ('2', 'Alpha', '1990', '{"rating":8.1,"votes":50}'::JSON, TIMESTAMP '1990-05-01', ['Bo'], ['Ann'], NULL),
  ('3', 'Gamma', '1995', '{"rating":9,"votes":""}'::JSON, TIMESTAMP '1995-05-01', ['Cy'], NULL, ['Will']),
  ('4', 'Delta', '1999', '{"rating":"","votes":9}'::JSON, NULL, NULL, ['Zed'], NULL),
  ('5', 'Alpha', '1980', '{"rating":8.1}'::JSON, TIMESTAMP '1980-05-01', ['Al'], ['Eve'], ['Wim'])
  ) AS t(_id, title, year, imdb, released, "cast", directors, writers)`;
const run = (parameters: unknown, rows = movies) =>
  runReport('top-movies-per-rating', { tables: { movies: rows }, parameters });
const idsOf = async (parameters: unknown) =>
  (await run(parameters)).map((row) => `${String(row['title'])} ${String(row['year'])}`);

describe('top-movies-per-rating', () => {
  it('ranks by rating, ties by title and then year; damaged values are null and last', async () => {
    expect(await run({})).toEqual([
      { title: 'Gamma', year: 1995, rating: 9, votes: null, directors: [] },
      { title: 'Alpha', year: 1980, rating: 8.1, votes: null, directors: ['Eve'] },
      { title: 'Alpha', year: 1990, rating: 8.1, votes: 50n, directors: ['Ann'] },
      { title: 'Beta', year: null, rating: 8.1, votes: 500n, directors: ['Ann', 'Zed'] },
      { title: 'Delta', year: 1999, rating: null, votes: 9n, directors: ['Zed'] },
    ]);
  });

  it('filters by ranges; what has no value is in no range', async () => {
    expect(await idsOf({ rating_threshold: { $gt: 8.1 } })).toEqual(['Gamma 1995']);
    expect(await idsOf({ rating_threshold: { $gte: 8.1, $lt: 9 } })).toEqual(['Alpha 1980', 'Alpha 1990', 'Beta null']);
    expect(await idsOf({ votes_threshold: { $lte: 50 } })).toEqual(['Alpha 1990', 'Delta 1999']);
    expect(await idsOf({ movie_released_at: { $gte: '1987-05', $lt: '1995-05-01' } })).toEqual([
      'Alpha 1990',
      'Beta null',
    ]);
  });

  it('filters by people: any of those included, none of those excluded', async () => {
    expect(await idsOf({ actors: { include: ['Bo', 'Cy'] } })).toEqual(['Gamma 1995', 'Alpha 1990', 'Beta null']);
    expect(await idsOf({ directors: { include: ['Ann'], exclude: ['Zed'] } })).toEqual(['Alpha 1990']);
    expect(await idsOf({ writers: { include: ['Will'] } })).toEqual(['Gamma 1995', 'Beta null']);
  });

  it('keeps movies without directors when a director is left out', async () => {
    expect(await idsOf({ directors: { exclude: ['Ann', 'Eve'] } })).toEqual(['Gamma 1995', 'Delta 1999']);
    expect(await idsOf({ directors: { include: [] } })).toHaveLength(5);
  });

  it('reads a STRUCT that lacks a field, numbers and a zoned time', async () => {
    const typed = `SELECT 7 AS _id, 'Solo' AS title, 2001 AS year, {rating: 7.25} AS imdb, TIMESTAMPTZ '2001-01-01 00:00:00+00' AS released`;
    const parameters = { movie_released_at: { $lt: '2001-01-02' } };
    expect(await run(parameters, typed)).toEqual([
      { title: 'Solo', year: 2001, rating: 7.25, votes: null, directors: [] },
    ]);
  });
});
