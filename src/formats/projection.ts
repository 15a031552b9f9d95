const RFC3339 = '%Y-%m-%dT%H:%M:%S.';
const MICROSECONDS = '%f';
const NANOSECONDS = '%n';
/** Years that RFC 3339 has a form for. */
const FIRST = "TIMESTAMP '0001-01-01 00:00:00'";
const LAST = "TIMESTAMP '9999-12-31 23:59:59.999999'";

/** Whether values of the type have parts: lists, structs, maps, JSON. */
export const isNested = (type: string): boolean => /\]$|^(STRUCT|MAP|UNION)\(|^(JSON|VARIANT)$/.test(type);

/**
 * SQL of the text of a time, in RFC 3339: an instant in UTC, or a local time without zone. Times outside the years 1 to
 * 9999, and infinities, are in the engine's words, as dates are: `0044-03-15 (BC) 01:02:03`, `infinity`. Null for types that
 * are no timestamp.
 */
export function timeText(value: string, type: string): string | null {
  switch (type) {
    case 'TIMESTAMP WITH TIME ZONE':
      return withinYears(value, { local: `(${value} AT TIME ZONE 'UTC')`, suffix: 'Z' });
    case 'TIMESTAMP':
    case 'TIMESTAMP_S':
    case 'TIMESTAMP_MS':
      return withinYears(value, { local: value, suffix: '' });
    case 'TIMESTAMP_NS':
      // Its years end at 2262.
      return `strftime(${value}, '${RFC3339}${NANOSECONDS}')`;
    default:
      return null;
  }
}

/** NaN and infinities are no JSON numbers; they stand as the text that JavaScript gives them. SQL of a JSON value. */
export function finiteOrText(value: string): string {
  return `CASE WHEN isfinite(${value}) THEN to_json(${value}) WHEN ${value} IS NOT NULL THEN to_json(${nonFinite(value)}) END`;
}

/** SQL of the text of a number whose column has values that are none. */
export function numberText(value: string): string {
  return `CASE WHEN isfinite(${value}) THEN CAST(${value} AS VARCHAR) WHEN ${value} IS NOT NULL THEN ${nonFinite(value)} END`;
}

const nonFinite = (value: string): string =>
  `CASE WHEN isnan(${value}) THEN 'NaN' WHEN ${value} > 0 THEN 'Infinity' ELSE '-Infinity' END`;

function withinYears(value: string, { local, suffix }: { local: string; suffix: string }): string {
  const text = `strftime(${local}, '${RFC3339}${MICROSECONDS}${suffix}')`;
  return `CASE WHEN ${local} BETWEEN ${FIRST} AND ${LAST} THEN ${text} ELSE CAST(${value} AS VARCHAR) END`;
}
