import { JsonForm, type TableColumn } from '../common/table-column.js';
import { quoteName } from '../platform/query-engine/statement-text.js';
import { CsvProfile } from './format.js';
import type { CsvSpelling } from './csv-style.js';
import { nestedValue } from './nested-value.js';
import { isNested, numberText, timeText } from './projection.js';

/** SQL of a column's values as they stand in CSV; the column itself wherever the engine's own text will do. */
export function csvValue(column: TableColumn, spelling: CsvSpelling): string {
  const { name, type, json } = column;
  const value = quoteName(name);
  // JSON is text already, whatever digits are in it.
  if (type === 'JSON') return `CAST(${value} AS VARCHAR)`;
  if (isNested(type)) return `CAST(to_json(${nestedValue(value, type, json === JsonForm.String)}) AS VARCHAR)`;
  if (type === 'BLOB') return `to_base64(${value})`;
  const time = spelling === CsvProfile.Machine ? timeText(value, type) : spreadsheetTime(value, type);
  // Only a column of which some value is no number is `value` in JSON.
  const isMixed = /^(DOUBLE|FLOAT)$/.test(type) && json === JsonForm.Value;
  const text = time ?? (isMixed ? numberText(value) : null);
  if (spelling === CsvProfile.ExcelEu && hasDecimalPoint(type)) {
    return `replace(${text ?? `CAST(${value} AS VARCHAR)`}, '.', ',')`;
  }
  return text ?? value;
}

/** Whether its values are text that a spreadsheet may take for a formula: numbers, times and JSON are none. */
export const isText = ({ type }: TableColumn): boolean => /^(VARCHAR$|BLOB$|ENUM\()/.test(type);

/** What a spreadsheet takes for the start of a formula. */
const FORMULA_START = '^[=+\\-@\\t\\r]';

export const isFormulaLike = (text: string): boolean => new RegExp(FORMULA_START).test(text);

/** SQL: whether a text looks like a formula. */
export const looksLikeFormula = (text: string): string => `regexp_matches(${text}, '${FORMULA_START}')`;

/** SQL of the text with an apostrophe before what looks like a formula: spreadsheets then take it for text. */
export const neutralized = (text: string): string =>
  `CASE WHEN ${looksLikeFormula(text)} THEN '''' || ${text} ELSE ${text} END`;

/** Excel knows no zones and no `T`. The engine's own text has as many digits of a second as there are. */
function spreadsheetTime(value: string, type: string): string | null {
  if (timeText(value, type) === null) return null;
  return `CAST(${type.endsWith('ZONE') ? `(${value} AT TIME ZONE 'UTC')` : value} AS VARCHAR)`;
}

const hasDecimalPoint = (type: string): boolean => /^(DOUBLE|FLOAT|DECIMAL\(.*\)|TIME|TIME_NS|TIMESTAMP.*)$/.test(type);
