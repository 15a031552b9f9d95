---
name: store-uptime
version: 1
title: Store uptime
description: |
  Uptime and downtime of every polled store within its business hours, for the last hour (minutes), day and week (hours)
  before `now`.

  Hours are local times in the store's zone; without a readable zone it is America/Chicago, without any hours row the store
  is open all the time, and overlapping intervals count once. Daylight-saving changes are honoured: a local hour that
  does not exist counts nothing, one that occurs twice counts twice. Between two polls the status of the earlier one
  holds; before the first one, that poll's own. All polls of the dataset count, also those outside of the windows. Of
  two polls at the same instant the inactive one holds. A store without a counted poll has 0 uptime, 0 downtime and
  polls_counted 0. Rows without a store, a time from 1970 to 2099 or a status of active or inactive are no polls; hours
  rows that cannot be read are ignored.
datasets:
  store_status: { store_id: BIGINT, status: VARCHAR, timestamp_utc: TIMESTAMPTZ }
  business_hours: { store_id: BIGINT, day: BIGINT, start_time_local: TIME, end_time_local: TIME }
  timezones: { store_id: BIGINT, timezone_str: VARCHAR }
parameters:
  now:
    type: string
    format: date-time
    description: End of the three windows. Default is the newest poll of the dataset.
  store_ids:
    x-type: set
    of: integer
    description: Stores to report or to leave out. Ids beyond 2^53 are given as strings of digits.
  interpolation:
    type: string
    enum: [in_hours, all_polls]
    default: in_hours
    description: Whether a poll outside of business hours counts for the state of the store.
examples:
  - summary: All stores, up to the newest poll
    parameters: {}
---
WITH
polls AS MATERIALIZED (
  SELECT
    store_id,
    epoch_us(in_utc(timestamp_utc)) AS polled_at,
    lower(trim(CAST(status AS VARCHAR))) = 'active' AS is_up
  FROM store_status
  WHERE store_id IS NOT NULL
    AND year(in_utc(timestamp_utc)) BETWEEN 1970 AND 2099
    AND lower(trim(CAST(status AS VARCHAR))) IN ('active', 'inactive')
),
-- All instants are microseconds since 1970 in UTC.
windows AS (
  SELECT
    ends_at,
    ends_at - 3600000000 AS hour_from,
    ends_at - 24 * 3600000000 AS day_from,
    ends_at - 168 * 3600000000 AS week_from
  FROM (
    SELECT CASE
      WHEN year(in_utc(CAST($now AS TIMESTAMPTZ))) NOT BETWEEN 1970 AND 2099 THEN error('now must lie in the years 1970 to 2099')
      ELSE coalesce(epoch_us(CAST($now AS TIMESTAMPTZ)), max(polled_at)) END AS ends_at
    FROM polls
  )
),
-- Numbered, so that what follows joins on small integers.
stores AS MATERIALIZED (
  SELECT
    CAST(row_number() OVER () AS INTEGER) AS store,
    store_id,
    min(polled_at) AS polls_from,
    max(polled_at) + 1 AS polls_to
  FROM polls
  WHERE in_set(store_id, $store_ids)
  GROUP BY store_id
),
-- Times at which it matters whether a store is open. What lies between the polls and the windows is left out: `now` may
-- be years away from the polls.
spans AS (
  SELECT store, polls_from AS span_from, polls_to AS span_to FROM stores
  UNION ALL
  SELECT store, week_from, ends_at FROM stores CROSS JOIN windows
),
store_zones AS MATERIALIZED (
  SELECT s.store, coalesce(min(known.name), 'America/Chicago') AS zone
  FROM stores AS s
  LEFT JOIN timezones AS t ON CAST(t.store_id AS VARCHAR) = CAST(s.store_id AS VARCHAR)
  LEFT JOIN pg_timezone_names() AS known ON known.name = trim(CAST(t.timezone_str AS VARCHAR))
  GROUP BY s.store
),
-- Spells of constant distance between local time and UTC, per zone: a change is looked for by days, then by minutes.
-- From UTC to local time every instant has one answer; the other way a local time can have none or two.
zone_days AS (
  SELECT zone, instant, epoch_us(timezone(zone, make_timestamptz(instant))) - instant AS utc_offset
  FROM (
    SELECT zone, unnest(generate_series(min(span_from) - 86400000000, max(span_to) + 86400000000, 86400000000)) AS instant
    FROM store_zones JOIN spans USING (store)
    GROUP BY zone
  )
),
zone_minutes AS (
  SELECT zone, instant, epoch_us(timezone(zone, make_timestamptz(instant))) - instant AS utc_offset
  FROM (
    SELECT zone, unnest(generate_series(
      instant - instant % 60000000 - 60000000, instant + 86400000000 + 60000000, 60000000)) AS instant
    FROM (FROM zone_days QUALIFY utc_offset <> lead(utc_offset) OVER (PARTITION BY zone ORDER BY instant))
  )
),
zone_spells AS MATERIALIZED (
  SELECT zone, utc_offset, instant AS spell_from,
    lead(instant, 1, 9223372036854775807) OVER (PARTITION BY zone ORDER BY instant) AS spell_to
  FROM (
    SELECT zone, min(instant) AS instant, arg_min(utc_offset, instant) AS utc_offset FROM zone_days GROUP BY zone
    UNION ALL
    FROM zone_minutes QUALIFY utc_offset <> lag(utc_offset) OVER (PARTITION BY zone ORDER BY instant)
  )
),
-- Business hours in microseconds of the local day.
intervals AS MATERIALIZED (
  SELECT store, day, starts, CASE WHEN ends <= starts THEN ends + 86400000000 ELSE ends END AS ends
  FROM (
    SELECT s.store,
      TRY_CAST(h.day AS INTEGER) AS day,
      epoch_us(TRY_CAST(h.start_time_local AS TIME)) AS starts,
      epoch_us(TRY_CAST(h.end_time_local AS TIME)) AS ends
    FROM business_hours AS h
    JOIN stores AS s ON CAST(h.store_id AS VARCHAR) = CAST(s.store_id AS VARCHAR)
  )
  WHERE day BETWEEN 0 AND 6 AND starts IS NOT NULL AND ends IS NOT NULL
),
day_parts AS (
  SELECT store, day, starts, least(ends, 86400000000) AS ends FROM intervals
  UNION ALL
  SELECT store, (day + 1) % 7, 0, ends - 86400000000 FROM intervals WHERE ends > 86400000000
),
-- Overlapping parts of a day become one.
week_hours AS (
  SELECT store, day, min(starts) AS starts, max(ends) AS ends
  FROM (
    SELECT store, day, starts, ends,
      count_if(is_apart) OVER (PARTITION BY store, day ORDER BY starts, ends ROWS UNBOUNDED PRECEDING) AS island
    FROM (
      SELECT store, day, starts, ends,
        coalesce(starts > max(ends) OVER (
          PARTITION BY store, day ORDER BY starts, ends ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), true) AS is_apart
      FROM day_parts
    )
  )
  GROUP BY store, day, island
),
local_days AS (
  SELECT DISTINCT store, spell_from, spell_to,
    isodow(local_day) - 1 AS day,
    epoch_us(local_day) - utc_offset AS midnight
  FROM (
    SELECT z.store, p.spell_from, p.spell_to, p.utc_offset,
      unnest(generate_series(
        date_trunc('day', make_timestamp(greatest(p.spell_from, n.span_from) + p.utc_offset)),
        make_timestamp(least(p.spell_to, n.span_to) + p.utc_offset),
        INTERVAL 1 DAY)) AS local_day
    FROM store_zones AS z
    JOIN spans AS n USING (store)
    JOIN zone_spells AS p ON p.zone = z.zone AND p.spell_from < n.span_to AND p.spell_to > n.span_from
    WHERE z.store IN (SELECT store FROM intervals)
  )
),
-- When each store is open, without overlaps, and how much it was open before.
open_times AS MATERIALIZED (
  SELECT store, open_from, open_to,
    coalesce(sum(open_to - open_from) OVER (
      PARTITION BY store ORDER BY open_from ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::BIGINT AS open_before
  FROM (
    SELECT d.store, greatest(d.midnight + h.starts, d.spell_from) AS open_from, least(d.midnight + h.ends, d.spell_to) AS open_to
    FROM local_days AS d
    JOIN week_hours AS h ON h.store = d.store AND h.day = d.day
    UNION ALL
    SELECT store, least(polls_from, week_from), greatest(polls_to, ends_at)
    FROM stores CROSS JOIN windows
    WHERE store NOT IN (SELECT store FROM intervals)
  )
  WHERE open_from < open_to
),
-- On a clock that runs only while the store is open: where each window begins and ends.
marks AS (
  SELECT store,
    sum(greatest(least(open_to, ends_at) - open_from, 0))::BIGINT AS end_mark,
    sum(greatest(least(open_to, hour_from) - open_from, 0))::BIGINT AS hour_mark,
    sum(greatest(least(open_to, day_from) - open_from, 0))::BIGINT AS day_mark,
    sum(greatest(least(open_to, week_from) - open_from, 0))::BIGINT AS week_mark
  FROM open_times CROSS JOIN windows
  GROUP BY store
),
-- Every counted poll on the same clock.
counted AS (
  SELECT p.store, p.polled_at, p.is_up,
    coalesce(o.open_before + least(p.polled_at, o.open_to) - o.open_from, 0) AS mark
  FROM (SELECT s.store, polls.polled_at, polls.is_up FROM polls JOIN stores AS s USING (store_id)) AS p
  ASOF LEFT JOIN open_times AS o ON o.store = p.store AND o.open_from <= p.polled_at
  WHERE p.polled_at < o.open_to OR $interpolation = 'all_polls'
),
spells AS (
  SELECT store, is_up, polled_at,
    CASE WHEN polled_at = first_value(polled_at) OVER polls_of_store THEN 0 ELSE mark END AS from_mark,
    lead(mark, 1, 9223372036854775807) OVER polls_of_store AS to_mark,
    lead(polled_at) OVER polls_of_store IS DISTINCT FROM polled_at AS holds
  FROM counted
  WINDOW polls_of_store AS (PARTITION BY store ORDER BY polled_at, is_up DESC)
),
up_times AS (
  SELECT store, count(*) AS polls_counted,
    sum(greatest(least(to_mark, end_mark) - greatest(from_mark, hour_mark), 0)) FILTER (is_up AND holds) AS hour_up,
    sum(greatest(least(to_mark, end_mark) - greatest(from_mark, day_mark), 0)) FILTER (is_up AND holds) AS day_up,
    sum(greatest(least(to_mark, end_mark) - greatest(from_mark, week_mark), 0)) FILTER (is_up AND holds) AS week_up
  FROM spells JOIN marks USING (store)
  GROUP BY store
),
totals AS (
  SELECT s.store_id,
    coalesce(u.polls_counted, 0) AS polls_counted,
    coalesce(u.hour_up, 0) AS hour_up,
    coalesce(u.day_up, 0) AS day_up,
    coalesce(u.week_up, 0) AS week_up,
    CASE WHEN polls_counted > 0 THEN m.end_mark - m.hour_mark ELSE 0 END AS hour_open,
    CASE WHEN polls_counted > 0 THEN m.end_mark - m.day_mark ELSE 0 END AS day_open,
    CASE WHEN polls_counted > 0 THEN m.end_mark - m.week_mark ELSE 0 END AS week_open
  FROM stores AS s
  LEFT JOIN marks AS m USING (store)
  LEFT JOIN up_times AS u USING (store)
)
-- Hundredths are counted in whole numbers first: a half is then exactly a half.
SELECT
  store_id,
  round(hour_up / 600000) / 100 AS uptime_last_hour,
  round(day_up / 36000000) / 100 AS uptime_last_day,
  round(week_up / 36000000) / 100 AS uptime_last_week,
  round((hour_open - hour_up) / 600000) / 100 AS downtime_last_hour,
  round((day_open - day_up) / 36000000) / 100 AS downtime_last_day,
  round((week_open - week_up) / 36000000) / 100 AS downtime_last_week,
  polls_counted
FROM totals
ORDER BY TRY_CAST(store_id AS HUGEINT) NULLS LAST, store_id
