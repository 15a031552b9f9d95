import { JsonForm, type TableColumn } from '../common/table-column.js';
import { quoteName } from '../platform/query-engine/statement-text.js';
import { nestedValue } from './nested-value.js';
import { finiteOrText, isNested, timeText } from './projection.js';

/** Select list that gives each value the form it has in JSON, as `column.json` promises. */
export const jsonProjection = (columns: readonly TableColumn[]): string => jsonValues(columns).join(', ');

/** The same, column by column. */
export function jsonValues(columns: readonly TableColumn[]): string[] {
  return columns.map((column) => `${jsonOf(column)} AS ${quoteName(column.name)}`);
}

function jsonOf({ name, type, json }: TableColumn): string {
  const value = quoteName(name);
  if (isNested(type)) return nestedValue(value, type, json === JsonForm.String);
  const time = timeText(value, type);
  if (time !== null) return time;
  if (type === 'BLOB') return `to_base64(${value})`;
  if (json === JsonForm.String) return `CAST(${value} AS VARCHAR)`;
  if (/^(DOUBLE|FLOAT)$/.test(type) && json === JsonForm.Value) return finiteOrText(value);
  return value;
}
