---
name: top-directors-per-comment
version: 1
title: Top directors by comments
description: |
  Directors by the number of comments on their movies, most first, equal numbers by name. A movie with several directors
  counts for each of them; movies nobody commented on count as movies.
collection: movies
datasets:
  movies: { _id: VARCHAR, directors: 'VARCHAR[]', released: TIMESTAMP }
  comments: { movie_id: VARCHAR }
parameters:
  comment_threshold: { x-type: range, of: integer, description: How many comments a director must have. }
  movie_released_at: { x-type: range, of: date, description: 'When the movies that count were released, in UTC.' }
  directors: { x-type: set, of: string, description: Directors to report or to leave out. }
  limit: { type: integer, minimum: 1, maximum: 1000, default: 10, description: How many rows at most. }
examples:
  - summary: Ten most discussed directors of movies released from 1990 to 2020
    parameters:
      comment_threshold: { $gt: 1 }
      movie_released_at: { $gte: '1990', $lt: '2021' }
      limit: 10
---
WITH
credits AS (
  SELECT to_json(_id) ->> '$' AS movie_id, unnest(list_distinct(as_list(directors))) AS director
  FROM movies
  WHERE in_range(in_utc(released), $movie_released_at)
),
discussions AS (
  SELECT to_json(movie_id) ->> '$' AS movie_id, count(*) AS size
  FROM comments
  GROUP BY ALL
)
SELECT
  director,
  CAST(coalesce(sum(size), 0) AS BIGINT) AS comment_count,
  count(*) AS movie_count
FROM credits
LEFT JOIN discussions USING (movie_id)
WHERE in_set(director, $directors)
GROUP BY director
HAVING in_range(comment_count, $comment_threshold)
ORDER BY comment_count DESC, director
LIMIT $limit
