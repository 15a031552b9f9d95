---
name: top-directors-per-movie-rating
version: 1
title: Top directors by movie rating
description: |
  Directors by the average IMDb rating of their movies, best first, equal averages by name; directors without a readable
  rating come last. A movie with several directors counts for each of them. average_screen_playtime is the average
  running time in minutes. Averages are over the movies that have the value; movie_count is over all.
collection: movies
datasets:
  movies: { directors: 'VARCHAR[]', imdb: JSON, runtime: INTEGER, released: TIMESTAMP }
parameters:
  movie_count: { x-type: range, of: integer, description: How many movies a director must have. }
  movie_released_at: { x-type: range, of: date, description: 'When the movies that count were released, in UTC.' }
  directors: { x-type: set, of: string, description: Directors to report or to leave out. }
  limit: { type: integer, minimum: 1, maximum: 1000, default: 10, description: How many rows at most. }
examples:
  - summary: Ten best directors with more than one movie released from 1990 to 2020
    parameters:
      movie_count: { $gt: 1 }
      movie_released_at: { $gte: '1990', $lt: '2021' }
      limit: 10
---
WITH
credits AS (
  SELECT
    -- Averages of decimals are exact: equal averages are equal whatever the order of the rows.
    TRY_CAST(to_json(imdb) ->> '$.rating' AS DECIMAL(9, 4)) AS rating,
    TRY_CAST(to_json(runtime) ->> '$' AS DECIMAL(9, 4)) AS minutes,
    unnest(list_distinct(as_list(directors))) AS name
  FROM movies
  WHERE in_range(in_utc(released), $movie_released_at)
)
SELECT
  name,
  avg(rating) AS average_rating,
  avg(minutes) AS average_screen_playtime,
  count(*) AS movie_count
FROM credits
WHERE in_set(name, $directors)
GROUP BY name
HAVING in_range(count(*), $movie_count)
ORDER BY average_rating DESC NULLS LAST, name
LIMIT $limit
