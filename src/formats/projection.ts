import { JsonForm, type TableColumn } from '../common/table-column.js';
import { quoteName } from '../platform/query-engine/statement-text.js';

const RFC3339 = '%Y-%m-%dT%H:%M:%S.%f';

/** Whether values of the type have parts: lists, structs, maps, JSON. */
export const isNested = (type: string): boolean => /\]$|^(STRUCT|MAP|UNION)\(|^(JSON|VARIANT)$/.test(type);

/** Select list that gives each value its text for a text format: RFC 3339 times, nested values as JSON. */
export function textProjection(columns: readonly TableColumn[]): string {
  return columns.map((column) => `${textOf(column)} AS ${quoteName(column.name)}`).join(', ');
}

/** Select list that gives each value the form it has in JSON, as `column.json` promises. */
export function jsonProjection(columns: readonly TableColumn[]): string {
  return columns.map((column) => `${jsonOf(column)} AS ${quoteName(column.name)}`).join(', ');
}

function textOf({ name, type }: TableColumn): string {
  const value = quoteName(name);
  return timeText(value, type) ?? (isNested(type) ? `CAST(to_json(${value}) AS VARCHAR)` : blobText(value, type));
}

function jsonOf({ name, type, json }: TableColumn): string {
  const value = quoteName(name);
  const time = timeText(value, type);
  if (time !== null) return time;
  if (json === JsonForm.String)
    return isNested(type) ? `CAST(${value} AS ${withTextIntegers(type)})` : blobText(value, type, true);
  if (/^(DOUBLE|FLOAT)$/.test(type) && json === JsonForm.Value) return finiteOrText(value);
  return value;
}

/** An instant in UTC, or a local time without zone; null for other types. */
export function timeText(value: string, type: string): string | null {
  switch (type) {
    case 'TIMESTAMP WITH TIME ZONE':
      return `strftime(${value} AT TIME ZONE 'UTC', '${RFC3339}Z')`;
    case 'TIMESTAMP':
    case 'TIMESTAMP_S':
    case 'TIMESTAMP_MS':
    case 'TIMESTAMP_NS':
      return `strftime(${value}, '${RFC3339}')`;
    default:
      return null;
  }
}

function blobText(value: string, type: string, asText = false): string {
  if (type === 'BLOB') return `to_base64(${value})`;
  return asText ? `CAST(${value} AS VARCHAR)` : value;
}

/** The type with its wide integers as text, whatever depth they are at; JSON, which has no types inside, as its own text. */
const withTextIntegers = (type: string): string =>
  type === 'JSON' ? 'VARCHAR' : type.replace(/\b(U?BIGINT|U?HUGEINT)\b/g, 'VARCHAR');

/** NaN and infinities are no JSON numbers; they stand as the text that JavaScript gives them. */
function finiteOrText(value: string): string {
  const text = `CASE WHEN isnan(${value}) THEN 'NaN' WHEN ${value} > 0 THEN 'Infinity' ELSE '-Infinity' END`;
  return `CASE WHEN isfinite(${value}) THEN to_json(${value}) WHEN ${value} IS NOT NULL THEN to_json(${text}) END`;
}
