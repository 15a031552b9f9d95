import { JsonForm, type TableColumn } from '../common/table-column.js';
import { isWideDecimal } from '../formats/nested-value.js';
import { isNested } from '../formats/projection.js';
import type { QueryColumn, QuerySession } from '../platform/query-engine/query-engine.js';
import { quoteName } from '../platform/query-engine/statement-text.js';

const MAX_SAFE = String(Number.MAX_SAFE_INTEGER);

/**
 * Decides how each column stands in JSON. Where the type alone cannot say, the values do: one pass over those columns
 * only, so that a column has one form in all rows.
 */
export async function describeColumns(session: QuerySession, table: string): Promise<TableColumn[]> {
  const described = await session.query(`DESCRIBE ${table}`);
  const columns: QueryColumn[] = described.map((row) => ({
    name: String(row['column_name']),
    type: String(row['column_type']),
  }));
  const checks = columns
    .map((column, index) => ({ index, check: exactnessCheck(column) }))
    .filter(({ check }) => check !== null);
  const select = checks
    .map(({ index, check }) => `coalesce(bool_and(${check ?? ''}), true) AS c${String(index)}`)
    .join(', ');
  const [exact] = select === '' ? [{}] : await session.query(`SELECT ${select} FROM ${table}`);
  return columns.map((column, index) => ({
    ...column,
    json: jsonForm(column, exact?.[`c${String(index)}`] !== false),
  }));
}

/** SQL that is true for a value which JSON can hold as it is; null where the type already decides. */
function exactnessCheck({ name, type }: QueryColumn): string | null {
  const value = quoteName(name);
  if (/^U?(BIGINT|HUGEINT)$/.test(type)) return `${value} BETWEEN -${MAX_SAFE} AND ${MAX_SAFE}`;
  if (/^(DOUBLE|FLOAT)$/.test(type)) return `isfinite(${value})`;
  if (isWholeDecimal(type)) return `${value} BETWEEN -${MAX_SAFE} AND ${MAX_SAFE}`;
  // The nearest double of a value near the ends of the type may lie outside of it.
  if (isWideDecimal(type)) {
    return `coalesce(TRY_CAST(CAST(${value} AS DOUBLE) AS ${type}) = ${value}, ${value} IS NULL)`;
  }
  if (!isNested(type) || !/U?(BIGINT|HUGEINT)|^(JSON|VARIANT)$|DECIMAL/.test(type)) return null;
  // Nested values are looked at as text: a long run of digits outside quotes.
  const digits = type.includes('DECIMAL') ? '([\\d.]{17,}|\\d{16,})' : '\\d{16,}';
  return `NOT regexp_matches(CAST(CAST(${value} AS JSON) AS VARCHAR), '(^|[:\\[,])\\s*-?${digits}')`;
}

function jsonForm({ type }: QueryColumn, exact: boolean): JsonForm {
  if (/^(U?(TINYINT|SMALLINT|INTEGER))$/.test(type)) return JsonForm.Number;
  if (/^U?(BIGINT|HUGEINT)$/.test(type)) return exact ? JsonForm.Number : JsonForm.String;
  if (/^(DOUBLE|FLOAT)$/.test(type)) return exact ? JsonForm.Number : JsonForm.Value;
  if (type.startsWith('DECIMAL(')) return exact ? JsonForm.Number : JsonForm.String;
  if (type === 'BOOLEAN') return JsonForm.Boolean;
  if (isNested(type)) return exact ? JsonForm.Value : JsonForm.String;
  return JsonForm.String;
}

/** Whole numbers in a decimal follow the rule of integers. */
const isWholeDecimal = (type: string): boolean => isWideDecimal(type) && type.endsWith(',0)');
