/**
 * The two filters of the definition language. A filter that is NULL, or whose member is NULL, restricts nothing; a NULL
 * value matches no restriction; the answer is never NULL, so that `NOT in_range(…)` and `in_range(…) = false` agree.
 *
 * `in_set` takes a scalar, a list or JSON. Every branch of a macro must bind for every type, so that lists go through JSON
 * and members are compared by their canonical text; for numbers `set_key` makes `5`, `5.0` and `5.00` one text. The
 * branches on `typeof` are constant: the planner drops the others (a scalar costs what `list_contains` costs).
 *
 * Two more read values of uncertain type: `in_utc` any time as a TIMESTAMP in UTC, whatever the session's time zone (a text
 * without an offset is UTC; the engine's own cast of text to TIMESTAMP ignores an offset), and `as_list` a list, a JSON
 * array or a single value as a VARCHAR[] without NULLs. What cannot be read is NULL and the empty list.
 */
export const MACROS: readonly string[] = [
  `CREATE MACRO in_range(value, range) AS (
    (range.gt IS NULL OR coalesce(value > range.gt, false))
    AND (range.gte IS NULL OR coalesce(value >= range.gte, false))
    AND (range.lt IS NULL OR coalesce(value < range.lt, false))
    AND (range.lte IS NULL OR coalesce(value <= range.lte, false)))`,
  String.raw`CREATE MACRO set_key(text, members) AS (
    CASE typeof(members)
      WHEN 'BIGINT[]' THEN regexp_replace(text, '\.0+$', '')
      WHEN 'DOUBLE[]' THEN CAST(TRY_CAST(text AS DOUBLE) AS VARCHAR)
      ELSE text END)`,
  `CREATE MACRO set_matches(value, members) AS (
    CASE
      WHEN typeof(value) LIKE '%]' THEN list_has_any(CAST(members AS VARCHAR[]),
        list_transform(from_json(to_json(value), '["VARCHAR"]'), lambda item: set_key(item, members)))
      WHEN typeof(value) = 'JSON' THEN list_has_any(CAST(members AS VARCHAR[]), list_transform(
        CASE json_type(to_json(value)) WHEN 'ARRAY' THEN to_json(value) ->> '$[*]' ELSE [to_json(value) ->> '$'] END,
        lambda item: set_key(item, members)))
      ELSE list_contains(CAST(members AS VARCHAR[]), set_key(CAST(value AS VARCHAR), members)) END)`,
  `CREATE MACRO in_set(value, members) AS (
    (members.include IS NULL OR coalesce(set_matches(value, members.include), false))
    AND (members.exclude IS NULL OR len(members.exclude) = 0 OR coalesce(NOT set_matches(value, members.exclude), false)))`,
  String.raw`CREATE MACRO in_utc(value) AS (
    CASE
      WHEN typeof(value) = 'TIMESTAMP WITH TIME ZONE' THEN make_timestamp(epoch_us(TRY_CAST(value AS TIMESTAMPTZ)))
      WHEN typeof(value) NOT IN ('VARCHAR', 'JSON') THEN TRY_CAST(value AS TIMESTAMP)
      WHEN regexp_matches(CAST(value AS VARCHAR), ':.*[+-]\d\d(:?\d\d)?"?$')
        THEN make_timestamp(epoch_us(TRY_CAST(trim(CAST(value AS VARCHAR), '"') AS TIMESTAMPTZ)))
      ELSE TRY_CAST(trim(CAST(value AS VARCHAR), '"') AS TIMESTAMP) END)`,
  `CREATE MACRO as_list(value) AS (
    list_filter(
      CASE json_type(to_json(value)) WHEN 'ARRAY' THEN to_json(value) ->> '$[*]' ELSE [to_json(value) ->> '$'] END,
      lambda item: item IS NOT NULL))`,
];
