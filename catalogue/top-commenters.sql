---
name: top-commenters
version: 1
title: Top commenters
description: |
  People by the number of comments they wrote, most first, equal numbers by name. Comments without a name are left out.
collection: comments
datasets:
  comments: { name: VARCHAR, date: TIMESTAMP }
parameters:
  comment_threshold: { x-type: range, of: integer, description: How many comments a person must have. }
  commented_at: { x-type: range, of: date, description: 'When the comments that count were written, in UTC.' }
  names: { x-type: set, of: string, description: People to report or to leave out. }
  limit: { type: integer, minimum: 1, maximum: 1000, default: 10, description: How many rows at most. }
examples:
  - summary: Ten busiest commenters of the years 2000 to 2019 with at least two comments
    parameters:
      comment_threshold: { $gte: 2 }
      commented_at: { $gte: '2000', $lt: '2020' }
      limit: 10
---
SELECT name, count(*) AS comment_count
FROM comments
WHERE name IS NOT NULL
  AND in_set(name, $names)
  AND in_range(in_utc(date), $commented_at)
GROUP BY name
HAVING in_range(count(*), $comment_threshold)
ORDER BY comment_count DESC, name
LIMIT $limit
