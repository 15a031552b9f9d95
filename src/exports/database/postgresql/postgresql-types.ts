import { textColumn, unescaped, type TextColumn } from '../staged-table.js';

/** A column of a query as the server describes it. `typeModifier` is -1 for a type without one. */
export interface PostgresField {
  name: string;
  typeId: number;
  typeModifier: number;
}

/** What was seen in the text of the rows and needs more than the engine's own reading. */
export interface Oddities {
  /** `NaN`, maybe of a numeric column: a DECIMAL has none. */
  nan: boolean;
  /** Years before Christ, which the engine writes in another way. */
  bc: boolean;
}

const NAN = 'NaN';
const NUMERIC = 1700;
const BYTEA = 17;
const MAX_DECIMAL_DIGITS = 38;
/** Bytes of a modifier before what it says, and bits of the scale in it. */
const MODIFIER_OFFSET = 4;

/** Object ids of built-in types, which never change, and the engine's types that read their text. */
const DIRECT: Readonly<Record<number, string>> = {
  16: 'BOOLEAN',
  20: 'BIGINT',
  21: 'SMALLINT',
  23: 'INTEGER',
  26: 'UINTEGER',
  700: 'FLOAT',
  701: 'DOUBLE',
  1083: 'TIME',
  2950: 'UUID',
};
const TEMPORAL: Readonly<Record<number, string>> = {
  1082: 'DATE',
  1114: 'TIMESTAMP',
  1184: 'TIMESTAMP WITH TIME ZONE',
};
/** Types whose text is what a column of text has; others of these are looked up, whether they are arrays. */
const TEXT = new Set([18, 19, 25, 650, 705, 790, 829, 869, 1042, 1043, 1186, 1266, 1560, 1562]);
const JSON_TYPES = new Set([114, 3802]);

/** Whether the type may be an array; only the server's catalogue knows. */
export function mayBeArray({ typeId }: PostgresField): boolean {
  const known = typeId === NUMERIC || typeId === BYTEA || TEXT.has(typeId) || JSON_TYPES.has(typeId);
  return !known && !(typeId in DIRECT) && !(typeId in TEMPORAL);
}

/**
 * The column as the engine has it, exactly. A numeric without digits given, or with more than a DECIMAL can have, stays text,
 * as do money, intervals and times with a zone. Arrays come as JSON.
 */
export function toTextColumn(
  field: PostgresField,
  { isArray, seen }: { isArray: boolean; seen: Oddities },
): TextColumn {
  const { name, typeId } = field;
  const direct = DIRECT[typeId];
  if (direct !== undefined) return { name, type: direct };
  const temporal = TEMPORAL[typeId];
  if (temporal !== undefined) return { name, type: temporal, ...(seen.bc && { convert: withEraBehindDate }) };
  if (isArray || JSON_TYPES.has(typeId)) return { name, type: 'JSON', convert: unescaped };
  // \\x00ff in the file: the backslash of the format is doubled there.
  if (typeId === BYTEA) return { name, type: 'BLOB', convert: (text) => `unhex(substr(${text}, 4))` };
  const decimal = typeId === NUMERIC ? decimalOf(field.typeModifier) : null;
  if (decimal === null) return textColumn(name);
  return { name, type: decimal, ...(seen.nan && { unfit: NAN, convert: (text) => `nullif(${text}, '${NAN}')` }) };
}

export function isDecimal({ typeId, typeModifier }: PostgresField): boolean {
  return typeId === NUMERIC && decimalOf(typeModifier) !== null;
}

export function isTemporal({ typeId }: PostgresField): boolean {
  return typeId in TEMPORAL;
}

function decimalOf(modifier: number): string | null {
  if (modifier < MODIFIER_OFFSET) return null;
  const digits = ((modifier - MODIFIER_OFFSET) >> 16) & 0xffff;
  // Eleven bits with a sign.
  const scale = (((modifier - MODIFIER_OFFSET) & 0x7ff) ^ 0x400) - 0x400;
  if (scale < 0 || scale > digits || digits > MAX_DECIMAL_DIGITS) return null;
  return `DECIMAL(${String(digits)},${String(scale)})`;
}

/** `0044-03-15 10:00:00 BC` is `0044-03-15 (BC) 10:00:00` to the engine. */
function withEraBehindDate(text: string): string {
  return `CASE WHEN ends_with(${text}, ' BC') THEN regexp_replace(${text}, '^(\\S+)( \\S+)? BC$', '\\1 (BC)\\2') ELSE ${text} END`;
}
