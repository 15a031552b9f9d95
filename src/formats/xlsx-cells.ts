import type { TableColumn } from '../common/table-column.js';
import type { BlockOutput } from './block-output.js';
import { CellKind, cellKind } from './xlsx-columns.js';
import { FieldMark, type FieldSink } from './xlsx-fields.js';
import { fitsDigits, noNumber } from './xlsx-numbers.js';
import { endOfFitting, escapeText, isFormulaLike, MAX_ESCAPE_BYTES } from './xlsx-text.js';

/** Places in `cellXfs` of the styles part. */
export const CellStyle = { Header: 1, Date: 2, Timestamp: 3, LiteralText: 4 } as const;

/** More than a cell has around its value, with the start and end of its row. */
const FRAME_BYTES = 160;
/** Digits of the last row that a sheet can have. */
const MAX_ROW_DIGITS = 7;

const frame = (text: string): Uint8Array => Buffer.from(text);
const ROW_START = frame('<row r="');
const ROW_NUMBERED = frame('">');
const ROW_END = frame('</row>');
const NUMBER = frame('"><v>');
const DATE = frame(`" s="${String(CellStyle.Date)}"><v>`);
const TIMESTAMP = frame(`" s="${String(CellStyle.Timestamp)}"><v>`);
const TRUE = frame('" t="b"><v>1');
const FALSE = frame('" t="b"><v>0');
const VALUE_END = frame('</v></c>');
const TEXT = frame('" t="inlineStr"><is><t>');
const SPACED = 't="inlineStr"><is><t xml:space="preserve">';
const SPACED_TEXT = frame(`" ${SPACED}`);
const LITERAL_TEXT = frame(`" s="${String(CellStyle.LiteralText)}" ${SPACED}`);
const HEADER_TEXT = frame(`" s="${String(CellStyle.Header)}" ${SPACED}`);
const TEXT_END = frame('</t></is></c>');

const SPACE = 0x20;
const LETTER_T = 0x74;

/**
 * Makes the rows of sheets from fields as `cellValue` asks for them. Each cell has its reference, which ECMA-376 does not ask
 * for but readers do; NULL has no cell. Works on bytes: text that becomes a string of JavaScript costs several times as
 * much as all of this.
 */
export class CellWriter implements FieldSink {
  /** Text cells that were cut, and those that look like formulas. */
  cut = 0;
  formulaLike = 0;
  private row = 0;
  private column = 0;
  /** The digits of `row`, in ASCII. */
  private readonly digits = new Uint8Array(MAX_ROW_DIGITS);
  private digitCount = 0;
  private readonly kinds: readonly CellKind[];
  private readonly starts: readonly Uint8Array[];

  constructor(
    private readonly columns: readonly TableColumn[],
    private readonly neutralizeFormulas: boolean,
    private readonly output: BlockOutput,
  ) {
    this.kinds = columns.map(cellKind);
    this.starts = columns.map((_, index) => frame(`<c r="${columnLetters(index)}`));
  }

  /** Writes the header row; what comes then are the rows of another sheet. */
  header(): void {
    this.row = 0;
    for (const { name } of this.columns) {
      const bytes = Buffer.from(name);
      this.open(HEADER_TEXT, bytes.length * MAX_ESCAPE_BYTES);
      this.endText(bytes, 0, endOfFitting(bytes, 0, bytes.length));
    }
    this.endRecord();
  }

  value(bytes: Buffer, from: number, to: number): void {
    const kind = this.kinds[this.column];
    if (kind === CellKind.Text) this.text(bytes, from, to);
    else if (bytes[from] === FieldMark.Text) this.plainText(bytes, from + 1, to);
    else this.typed(bytes, from, to);
  }

  nothing(): void {
    if (this.column === 0) this.startRow();
    this.column += 1;
  }

  endRecord(): void {
    this.output.put(ROW_END);
    this.column = 0;
  }

  private typed(bytes: Buffer, from: number, to: number): void {
    const kind = this.kinds[this.column];
    const word = kind === CellKind.Double ? noNumber(bytes, from) : null;
    if (word !== null) this.plainText(frame(word), 0, word.length);
    else if (kind === CellKind.Exact && !fitsDigits(bytes, from, to)) this.plainText(bytes, from, to);
    else if (kind === CellKind.Boolean) {
      this.open(bytes[from] === LETTER_T ? TRUE : FALSE, 0);
      this.output.put(VALUE_END);
    } else {
      this.open(kind === CellKind.Date ? DATE : kind === CellKind.Timestamp ? TIMESTAMP : NUMBER, to - from);
      this.output.copy(bytes, from, to);
      this.output.put(VALUE_END);
    }
  }

  private text(bytes: Buffer, from: number, end: number): void {
    const to = endOfFitting(bytes, from, end);
    if (to < end) this.cut += 1;
    const isLiteral = this.neutralizeFormulas && to > from && isFormulaLike(bytes[from]);
    if (isLiteral) this.formulaLike += 1;
    // XML lets a reader drop white space at the ends of a text.
    const isSpaced = to > from && ((bytes[from] ?? 0) <= SPACE || (bytes[to - 1] ?? 0) <= SPACE);
    this.open(isLiteral ? LITERAL_TEXT : isSpaced ? SPACED_TEXT : TEXT, (to - from) * MAX_ESCAPE_BYTES);
    this.endText(bytes, from, to);
  }

  /** Text that needs no escape. */
  private plainText(bytes: Uint8Array, from: number, to: number): void {
    this.open(TEXT, to - from);
    this.output.copy(bytes, from, to);
    this.output.put(TEXT_END);
  }

  private endText(bytes: Buffer, from: number, to: number): void {
    const { output } = this;
    output.length = escapeText({ bytes, from, to }, output.bytes, output.length);
    output.put(TEXT_END);
  }

  /** A cell up to its value, with room for a value of so many bytes. */
  private open(start: Uint8Array, valueBytes: number): void {
    const { output, column } = this;
    output.reserve(FRAME_BYTES + valueBytes);
    if (column === 0) this.startRow();
    const reference = this.starts[column];
    if (reference === undefined) throw new Error('A record has more fields than there are columns.');
    output.put(reference);
    output.copy(this.digits, 0, this.digitCount);
    output.put(start);
    this.column = column + 1;
  }

  private startRow(): void {
    const { output } = this;
    this.row += 1;
    const text = String(this.row);
    this.digitCount = text.length;
    for (let at = 0; at < text.length; at += 1) this.digits[at] = text.charCodeAt(at);
    output.reserve(FRAME_BYTES);
    output.put(ROW_START);
    output.copy(this.digits, 0, this.digitCount);
    output.put(ROW_NUMBERED);
  }
}

/** `A`, …, `Z`, `AA`, …, counted from 0. */
export function columnLetters(index: number): string {
  const letter = String.fromCharCode(0x41 + (index % 26));
  return index < 26 ? letter : columnLetters(Math.floor(index / 26) - 1) + letter;
}
