---
name: comments-per-year
version: 1
title: Comments per year
description: |
  How many comments were written in each year (UTC), oldest first. Comments without a readable date come last, as year null.
collection: comments
datasets:
  comments: { date: TIMESTAMP }
parameters:
  commented_at: { x-type: range, of: date, description: 'When the comments that count were written, in UTC.' }
examples:
  - summary: Every year from 2000 to 2019
    parameters:
      commented_at: { $gte: '2000', $lt: '2020' }
---
SELECT year(in_utc(date)) AS year, count(*) AS comment_count
FROM comments
WHERE in_range(in_utc(date), $commented_at)
GROUP BY ALL
ORDER BY year NULLS LAST
