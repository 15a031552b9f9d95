---
name: top-movies-per-rating
version: 1
title: Top movies by rating
description: |
  Movies by IMDb rating, best first, equal ratings by title; movies without a readable rating come last. A year, rating or
  number of votes that cannot be read is null. A set of people matches a movie that has any of them.
collection: movies
datasets:
  movies:
    _id: VARCHAR
    title: VARCHAR
    year: INTEGER
    imdb: JSON
    released: TIMESTAMP
    cast: VARCHAR[]
    directors: VARCHAR[]
    writers: VARCHAR[]
parameters:
  rating_threshold: { x-type: range, of: number, description: IMDb rating. }
  votes_threshold: { x-type: range, of: integer, description: Number of IMDb votes. }
  movie_released_at: { x-type: range, of: date, description: 'When the movie was released, in UTC.' }
  actors: { x-type: set, of: string, description: People of the cast. }
  directors: { x-type: set, of: string }
  writers: { x-type: set, of: string }
  limit: { type: integer, minimum: 1, maximum: 1000, default: 10, description: How many rows at most. }
examples:
  - summary: Ten best movies of the nineties with more than 100 votes
    parameters:
      rating_threshold: { $gte: 6 }
      votes_threshold: { $gt: 100 }
      movie_released_at: { $gte: '1990', $lt: '2000' }
      limit: 10
---
WITH
-- A column can arrive as text, number, JSON or a STRUCT that lacks a field: through JSON all are read alike.
readable AS (
  SELECT
    to_json(_id) ->> '$' AS id,
    to_json(title) ->> '$' AS title,
    TRY_CAST(to_json(year) ->> '$' AS INTEGER) AS year,
    -- As a decimal first: 'NaN' and 'inf' are no ratings.
    CAST(TRY_CAST(to_json(imdb) ->> '$.rating' AS DECIMAL(9, 4)) AS DOUBLE) AS rating,
    TRY_CAST(to_json(imdb) ->> '$.votes' AS BIGINT) AS votes,
    in_utc(released) AS released,
    as_list("cast") AS actors,
    as_list(directors) AS directors,
    as_list(writers) AS writers
  FROM movies
)
SELECT title, year, rating, votes, directors
FROM readable
WHERE in_range(rating, $rating_threshold)
  AND in_range(votes, $votes_threshold)
  AND in_range(released, $movie_released_at)
  AND in_set(actors, $actors)
  AND in_set(directors, $directors)
  AND in_set(writers, $writers)
ORDER BY rating DESC NULLS LAST, title, year, id
LIMIT $limit
