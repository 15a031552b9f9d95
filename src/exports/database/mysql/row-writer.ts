import { ONLY_COLUMN_PREFIX } from '../staged-table.js';
import { MAX_ROW_BYTES, rowTooLong } from '../table-file.js';
import { ValueForm, type MysqlColumn } from './mysql-types.js';

const [TAB, LINE_FEED, RETURN, BACKSLASH, DASH, ZERO] = [9, 10, 13, 92, 45, 48];
/** What stands behind the backslash for a character of the format; 0 for all others. */
const ESCAPES = new Uint8Array(256);
ESCAPES[TAB] = 't'.charCodeAt(0);
ESCAPES[LINE_FEED] = 'n'.charCodeAt(0);
ESCAPES[RETURN] = 'r'.charCodeAt(0);
ESCAPES[BACKSLASH] = BACKSLASH;
const NULL_MARK = Buffer.from('\\N');
/** Most bytes that one byte of a value becomes, and room for tab, NULL or a number beside it. */
const WORST_GROWTH = 2;
const SPARE_BYTES = 32;
const FIRST_BYTES = 64 * 1024;
/** Up to here a loop is faster than the call that copies. */
const SHORT_BYTES = 64;

/** Turns rows of raw values into lines of a `TableFile`. The line that `write` returns is valid until the next call. */
export class RowWriter {
  /** Days that do not exist, by column. */
  readonly impossibleDays: number[];
  private line = Buffer.allocUnsafe(FIRST_BYTES);
  private used = 0;

  constructor(private readonly columns: readonly MysqlColumn[]) {
    this.impossibleDays = columns.map(() => 0);
  }

  /** Throws `SourceFailed` for a row that is too long. */
  write(row: readonly (Buffer | null)[]): Buffer {
    this.used = 0;
    this.reserve(row);
    if (row.length === 1) this.put(ONLY_COLUMN_PREFIX);
    for (let index = 0; index < row.length; index += 1) {
      if (index > 0) this.line[this.used++] = TAB;
      this.writeValue(row[index] ?? null, index);
    }
    this.line[this.used++] = LINE_FEED;
    return this.line.subarray(0, this.used);
  }

  private reserve(row: readonly (Buffer | null)[]): void {
    let bytes = 0;
    for (const value of row) bytes += (value?.length ?? 0) * WORST_GROWTH + SPARE_BYTES;
    if (bytes > WORST_GROWTH * MAX_ROW_BYTES) throw rowTooLong();
    if (bytes > this.line.length) this.line = Buffer.allocUnsafe(2 * bytes);
  }

  private writeValue(value: Buffer | null, index: number): void {
    const form = this.columns[index]?.form;
    if (value === null) {
      this.put(NULL_MARK);
    } else if (form === ValueForm.Text) {
      this.putEscaped(value);
    } else if (form === ValueForm.Hex) {
      this.used += this.line.write(value.toString('hex'), this.used, 'latin1');
    } else if (form === ValueForm.Bits) {
      this.used += this.line.write(BigInt(`0x${value.toString('hex') || '0'}`).toString(), this.used, 'latin1');
    } else if (form === ValueForm.Day && !isDay(value)) {
      this.impossibleDays[index] = (this.impossibleDays[index] ?? 0) + 1;
      this.put(NULL_MARK);
    } else {
      this.put(value);
    }
  }

  private put(bytes: Buffer): void {
    const { length } = bytes;
    if (length > SHORT_BYTES) {
      bytes.copy(this.line, this.used);
      this.used += length;
      return;
    }
    const { line } = this;
    let at = this.used;
    for (const byte of bytes) line[at++] = byte;
    this.used = at;
  }

  /** By hand and byte by byte: several times as fast as by text, and UTF-8 has no such byte inside of a character. */
  private putEscaped(value: Buffer): void {
    const { line } = this;
    let at = this.used;
    for (const byte of value) {
      const escape = ESCAPES[byte] ?? 0;
      if (escape === 0) {
        line[at++] = byte;
      } else {
        line[at++] = BACKSLASH;
        line[at++] = escape;
      }
    }
    this.used = at;
  }
}

/** `YYYY-MM-DD…` with a month and a day of it. The server also keeps 0000-00-00, 2024-05-00 and, if told to, 2024-02-31. */
function isDay(value: Buffer): boolean {
  if (value[4] !== DASH || value[7] !== DASH) return false;
  const month = twoDigits(value, 5);
  const day = twoDigits(value, 8);
  if (month === 0 || day === 0) return false;
  if (day <= 28) return true;
  const year = twoDigits(value, 0) * 100 + twoDigits(value, 2);
  // Day 0 of a month is the last one of the month before.
  const last = new Date(0);
  last.setUTCFullYear(year, month, 0);
  return day <= last.getUTCDate();
}

function twoDigits(value: Buffer, at: number): number {
  return ((value[at] ?? ZERO) - ZERO) * 10 + (value[at + 1] ?? ZERO) - ZERO;
}
