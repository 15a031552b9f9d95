import type { TableColumn } from '../common/table-column.js';
import { quoteName } from '../platform/query-engine/statement-text.js';
import { isNested, timeText } from './projection.js';

/** Places in `cellXfs` of the styles part. */
// exceljs takes an empty cell without a style for none, and puts the cells after it one place too far left: hence `Empty`.
export const CellStyle = { Header: 1, Date: 2, Timestamp: 3, LiteralText: 4, Empty: 5 } as const;

/** UTF-16 units that Excel holds in a cell. */
export const MAX_TEXT_UNITS = 32_767;
/** Digits that Excel keeps of a number. */
const MAX_DIGITS = 15;
const MAX_INTEGER = '9'.repeat(MAX_DIGITS);
/** From here on day numbers are those of the calendar: Excel knows a 29 February 1900. */
const FIRST_DAY = '1900-03-01';

const FORBIDDEN = '\\x00-\\x08\\x0B\\x0C\\x0E-\\x1F\\x{FFFE}\\x{FFFF}';
/** What the XML of a text cannot hold as it is, or what has to be told about it: all other text is taken unread. */
const SPECIAL = `'^$|^[\\s=+\\-@]|\\s$|_x[0-9A-Fa-f]{4}_|[&<>\\n\\r${FORBIDDEN}]'`;
const ESCAPE_LIKE = `'_x[0-9A-Fa-f]{4}[_${FORBIDDEN}]'`;
/** What a spreadsheet may take for a formula when the cell is typed again or the text is pasted. */
const FORMULA_LIKE = `'^[=+\\-@\\t\\r]'`;
const ASTRAL = `'[\\x{10000}-\\x{10FFFF}]'`;

/**
 * Select list of one column: the XML of a row without its `<row><c`, which wait for the row's number. Lines hold no line end
 * but the last.
 */
export function rowLine(columns: readonly TableColumn[]): string {
  return `concat(${columns.map((column, index) => cell(column, index === 0 ? '' : '<c')).join(', ')}, '</row>')`;
}

/** SQL conditions, one for each text column, of what is told in the manifest. */
export function textChecks(columns: readonly TableColumn[]): { cut: string[]; formulaLike: string[] } {
  const texts = columns.filter(isText).map(textOf);
  return { cut: texts.map(isTooLong), formulaLike: texts.map((text) => `regexp_matches(${text}, ${FORMULA_LIKE})`) };
}

/** One cell; `open` is its start tag as far as its name. */
function cell(column: TableColumn, open: string): string {
  const value = quoteName(column.name);
  const filled = isText(column) ? textCell(textOf(column), open) : typedCell(column, open);
  return `CASE WHEN ${value} IS NULL THEN '${open} s="${String(CellStyle.Empty)}"/>' ELSE ${filled} END`;
}

/** A cell of a number, boolean or time; of its text where Excel cannot hold the value. */
function typedCell({ name, type }: TableColumn, open: string): string {
  const value = quoteName(name);
  const text = `CAST(${value} AS VARCHAR)`;
  const number = (digits: string, style?: number): string => numberCell(digits, open, style);
  if (type === 'BOOLEAN') return either(value, `'${open} t="b"><v>1</v></c>'`, `'${open} t="b"><v>0</v></c>'`);
  if (/^(DOUBLE|FLOAT)$/.test(type)) {
    const special = `CASE WHEN isnan(${value}) THEN 'NaN' WHEN ${value} > 0 THEN 'Infinity' ELSE '-Infinity' END`;
    return either(`isfinite(${value})`, number(text), plainText(special, open));
  }
  if (type === 'DATE') {
    const day = `CAST(${value} - DATE '1899-12-30' AS VARCHAR)`;
    return either(within(value, type), number(day, CellStyle.Date), plainText(text, open));
  }
  const time = timeText(value, type);
  if (time !== null) {
    const serial = `CAST((epoch_us(${value}) + 2209161600000000) / 86400000000 AS VARCHAR)`;
    return either(within(value, type), number(serial, CellStyle.Timestamp), plainText(time, open));
  }
  const exact = isExact(value, type);
  return exact === null ? number(text) : either(exact, number(text), plainText(text, open));
}

/** Whether Excel keeps every digit; null where the type already says so. */
function isExact(value: string, type: string): string | null {
  if (/^U?(BIGINT|HUGEINT)$/.test(type)) return `${value} BETWEEN -${MAX_INTEGER} AND ${MAX_INTEGER}`;
  const [, width, scale] = (/^DECIMAL\((\d+),(\d+)\)$/.exec(type) ?? []).map(Number);
  if (width === undefined || scale === undefined || width <= MAX_DIGITS) return null;
  if (scale < MAX_DIGITS) {
    const most = scale === 0 ? MAX_INTEGER : `${MAX_INTEGER.slice(scale)}.${'9'.repeat(scale)}`;
    return `${value} BETWEEN -${most} AND ${most}`;
  }
  const digits = `replace(ltrim(rtrim(CAST(${value} AS VARCHAR), '0'), '-0.'), '.', '')`;
  return `length(${digits}) <= ${String(MAX_DIGITS)}`;
}

/** Whatever Excel has no type of its own for. */
const isText = ({ type }: TableColumn): boolean =>
  isNested(type) ||
  !/^(BOOLEAN|DOUBLE|FLOAT|DATE|TIMESTAMP.*|DECIMAL\(.*\)|U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT))$/.test(type);

function textOf({ name, type }: TableColumn): string {
  const value = quoteName(name);
  if (type === 'VARCHAR') return value;
  if (type === 'BLOB') return `to_base64(${value})`;
  return `CAST(${isNested(type) ? `to_json(${value})` : value} AS VARCHAR)`;
}

function within(value: string, type: string): string {
  const literal = type === 'DATE' || type.endsWith('ZONE') ? type : 'TIMESTAMP';
  return `${value} >= ${literal} '${FIRST_DAY}' AND ${value} < ${literal} '10000-01-01'`;
}

const either = (condition: string, then: string, otherwise: string): string =>
  `CASE WHEN ${condition} THEN ${then} ELSE ${otherwise} END`;

const numberCell = (digits: string, open: string, style?: number): string =>
  `concat('${open}${style === undefined ? '' : ` s="${String(style)}"`}><v>', ${digits}, '</v></c>')`;

const plainText = (text: string, open: string): string =>
  `concat('${open} t="inlineStr"><is><t>', ${text}, '</t></is></c>')`;

function textCell(text: string, open: string): string {
  const special = `strlen(${text}) > ${String(MAX_TEXT_UNITS)} OR regexp_matches(${text}, ${SPECIAL})`;
  return either(special, specialText(text, open), plainText(text, open));
}

function specialText(text: string, open: string): string {
  const style = `CASE WHEN regexp_matches(${text}, ${FORMULA_LIKE}) THEN ' s="${String(CellStyle.LiteralText)}"'
    WHEN ${text} = '' THEN ' s="${String(CellStyle.Empty)}"' ELSE '' END`;
  const escaped = escape(either(isTooLong(text), firstUnits(text), text));
  return `concat('${open}', ${style}, ' t="inlineStr"><is><t xml:space="preserve">', ${escaped}, '</t></is></c>')`;
}

/** ECMA-376 part 1, 22.9.2.19 (ST_Xstring): what XML forbids as `_xHHHH_`, and `_x` as `_x005F_x` where the text would read as such. */
function escape(text: string): string {
  const literal = either(`regexp_matches(${text}, ${ESCAPE_LIKE})`, `replace(${text}, '_x', '_x005F_x')`, text);
  const parts = `regexp_extract_all(${literal}, '[${FORBIDDEN}]|[^${FORBIDDEN}]+')`;
  const part = either(`regexp_matches(p, '^[${FORBIDDEN}]')`, "format('_x{:04X}_', unicode(p))", 'p');
  const legal = `array_to_string(list_transform(${parts}, lambda p: ${part}), '')`;
  const entities = `replace(replace(replace(${legal}, '&', '&amp;'), '<', '&lt;'), '>', '&gt;')`;
  return `replace(replace(${entities}, chr(10), '&#10;'), chr(13), '&#13;')`;
}

/** More UTF-16 units than fit: characters, and those beyond the basic plane once more. */
function isTooLong(text: string): string {
  const most = String(MAX_TEXT_UNITS);
  const units = `length(${text}) + length(regexp_replace(${text}, '[^\\x{10000}-\\x{10FFFF}]+', '', 'g'))`;
  return `(strlen(${text}) > ${most} AND ${units} > ${most})`;
}

/** The characters that fit: each beyond the basic plane is counted twice by a mark before it, which no XML may hold. */
function firstUnits(text: string): string {
  const marked = `regexp_replace(replace(${text}, chr(65535), ''), ${ASTRAL}, chr(65535) || '\\0', 'g')`;
  return `replace(left(${marked}, ${String(MAX_TEXT_UNITS)}), chr(65535), '')`;
}
