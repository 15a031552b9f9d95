import type { FieldPacket } from 'mysql2';
import { textColumn, type TextColumn } from '../staged-table.js';

/** How the bytes of a value are written into the file. */
export const ValueForm = {
  /** As they are: they have none of the characters that the format needs. */
  Plain: 'plain',
  Text: 'text',
  Hex: 'hex',
  /** Bits, as an unsigned number. */
  Bits: 'bits',
  /** A day, maybe with a time, which may be one that does not exist. */
  Day: 'day',
} as const;
export type ValueForm = (typeof ValueForm)[keyof typeof ValueForm];

export interface MysqlColumn extends TextColumn {
  form: ValueForm;
  /** What the export shows otherwise than the server would. */
  warning?: string;
}

const UNSIGNED = 32;
const BINARY_CHARSET = 63;
const MAX_DECIMAL_DIGITS = 38;

/** Numbers of the protocol for types whose text the engine reads as it is: signed, unsigned. */
const INTEGERS: Readonly<Record<number, readonly [string, string]>> = {
  1: ['TINYINT', 'UTINYINT'],
  2: ['SMALLINT', 'USMALLINT'],
  3: ['INTEGER', 'UINTEGER'],
  8: ['BIGINT', 'UBIGINT'],
  9: ['INTEGER', 'UINTEGER'],
  13: ['SMALLINT', 'SMALLINT'], // YEAR
};
const [OLD_DECIMAL, FLOAT, DOUBLE, TIMESTAMP, DATE, TIME, DATETIME, BIT] = [0, 4, 5, 7, 10, 11, 12, 16];
const [JSON_TEXT, DECIMAL] = [245, 246];
/** VARCHAR, ENUM, SET, the BLOBs and TEXTs, VARCHAR again, CHAR. */
const TEXT = new Set([15, 247, 248, 249, 250, 251, 252, 253, 254]);

/** The column as the engine has it, exactly. TIME stays text: it is no time of day, but a length of up to 838 hours. */
export function toMysqlColumn(field: FieldPacket): MysqlColumn {
  const { name } = field;
  const type = field.columnType ?? field.type ?? -1;
  const isUnsigned = typeof field.flags === 'number' && (field.flags & UNSIGNED) !== 0;
  const integer = INTEGERS[type];
  if (integer !== undefined) return { name, type: integer[isUnsigned ? 1 : 0], form: ValueForm.Plain };
  switch (type) {
    case OLD_DECIMAL:
    case DECIMAL:
      return { name, type: decimalOf(field, isUnsigned) ?? 'VARCHAR', form: ValueForm.Plain };
    case FLOAT:
      return { name, type: 'FLOAT', form: ValueForm.Plain, warning: roundedByServer(name) };
    case DOUBLE:
      return { name, type: 'DOUBLE', form: ValueForm.Plain };
    case DATE:
      return { name, type: 'DATE', form: ValueForm.Day };
    case DATETIME:
      return { name, type: 'TIMESTAMP', form: ValueForm.Day };
    case TIMESTAMP:
      // The session's zone is UTC, and so is the engine's reading of it.
      return {
        name,
        type: 'TIMESTAMP WITH TIME ZONE',
        form: ValueForm.Day,
        convert: (text) => `${text} || '+00'`,
      };
    case TIME:
      return { name, type: 'VARCHAR', form: ValueForm.Plain };
    case BIT:
      return { name, type: field.columnLength === 1 ? 'BOOLEAN' : 'UBIGINT', form: ValueForm.Bits };
    case JSON_TEXT:
      return { ...textColumn(name), type: 'JSON', form: ValueForm.Text };
    default:
      return isText(field, type)
        ? { ...textColumn(name), form: ValueForm.Text }
        : { name, type: 'BLOB', form: ValueForm.Hex, convert: (text) => `unhex(${text})` };
  }
}

function isText({ characterSet, charsetNr }: FieldPacket, type: number): boolean {
  return TEXT.has(type) && (characterSet ?? charsetNr) !== BINARY_CHARSET;
}

/** The length counts the digits, the point, and the sign. */
function decimalOf({ columnLength, length, decimals }: FieldPacket, isUnsigned: boolean): string | null {
  const digits = (columnLength ?? length ?? 0) - (decimals > 0 ? 1 : 0) - (isUnsigned ? 0 : 1);
  if (digits < 1 || digits > MAX_DECIMAL_DIGITS || decimals > digits) return null;
  return `DECIMAL(${String(digits)},${String(decimals)})`;
}

function roundedByServer(name: string): string {
  return `${name}: the server rounds FLOAT to 6 digits when it sends it; CAST(${name} AS DOUBLE) has them all.`;
}
