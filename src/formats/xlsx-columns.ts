import type { TableColumn } from '../common/table-column.js';
import { quoteName } from '../platform/query-engine/statement-text.js';
import { nestedValue } from './nested-value.js';
import { isNested, timeText } from './projection.js';
import { FieldMark } from './xlsx-fields.js';

/** What the cells of a column hold, unless a value does not fit: `exact` may have too many digits, `double` may be no number. */
export const CellKind = {
  Exact: 'exact',
  Double: 'double',
  Boolean: 'boolean',
  Date: 'date',
  Timestamp: 'timestamp',
  Text: 'text',
} as const;
export type CellKind = (typeof CellKind)[keyof typeof CellKind];

/** From here on day numbers are those of the calendar: Excel knows a 29 February 1900. */
const FIRST_DAY = '1900-03-01';
/** Excel knows no day after 9999-12-31. */
const AFTER_LAST_DAY = '10000-01-01';
/** Times after it are, in the digits of a double or in the milliseconds that readers round to, those of the day that Excel does not know. */
const AFTER_LAST_TIME = '9999-12-31 23:59:59.9995';
/** Day 0 of Excel's numbers, and the microseconds from it to 1970. */
const DAY_ZERO = '1899-12-30';
const MICROSECONDS_TO_EPOCH = '2209161600000000';
const MICROSECONDS_PER_DAY = '86400000000';

export function cellKind({ type }: TableColumn): CellKind {
  if (isNested(type)) return CellKind.Text;
  if (type === 'BOOLEAN') return CellKind.Boolean;
  if (type === 'DATE') return CellKind.Date;
  if (/^(DOUBLE|FLOAT)$/.test(type)) return CellKind.Double;
  if (timeText('', type) !== null) return CellKind.Timestamp;
  return /^(DECIMAL\(.*\)|U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT))$/.test(type) ? CellKind.Exact : CellKind.Text;
}

/**
 * SQL of a column's values: days since 1899-12-30 for times, text for what Excel has no type of its own for, all else as
 * it is. A wide table has one of these in memory for every column, so they are kept small and most of the work is done by
 * whoever reads them.
 */
export function cellValue({ name, type }: TableColumn): string {
  const value = quoteName(name);
  if (type === 'BLOB') return `to_base64(${value})`;
  if (isNested(type)) return `CAST(to_json(${nestedValue(value, type, false)}) AS VARCHAR)`;
  if (type === 'DATE') {
    return serial(value, type, { days: `${value} - DATE '${DAY_ZERO}'`, text: `CAST(${value} AS VARCHAR)` });
  }
  const text = timeText(value, type);
  if (text === null) return value;
  return serial(value, type, {
    days: `(epoch_us(${value}) + ${MICROSECONDS_TO_EPOCH}) / ${MICROSECONDS_PER_DAY}`,
    text,
  });
}

/** Days where Excel can hold the time, marked text where it cannot. */
function serial(value: string, type: string, { days, text }: { days: string; text: string }): string {
  const literal = type === 'DATE' || type.endsWith('ZONE') ? type : 'TIMESTAMP';
  const end = type === 'DATE' ? AFTER_LAST_DAY : AFTER_LAST_TIME;
  const fits = `${value} >= ${literal} '${FIRST_DAY}' AND ${value} < ${literal} '${end}'`;
  return `CASE WHEN ${fits} THEN CAST(${days} AS VARCHAR) ELSE chr(${String(FieldMark.Text)}) || ${text} END`;
}
