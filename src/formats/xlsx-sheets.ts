import { SHEET_END, sheetStart } from './xlsx-parts.js';

/** Rows of a sheet, the header among them. */
export const SHEET_ROWS = 1_048_576;
const LINE_END = 0x0a;

/** Bytes of the longest `rowStart`. */
const ROW_START_BYTES = 32;

/** Cuts a stream of row lines into sheets and gives each row its number. */
export class RowLines {
  private rest: Buffer = Buffer.alloc(0);
  private read = 0;
  private atStart = true;

  constructor(
    private readonly chunks: AsyncGenerator<Buffer, number>,
    private readonly names: readonly string[],
  ) {}

  /** Rows of data so far. */
  get rows(): number {
    return this.read;
  }

  /** The next sheet: its start, as many rows as it holds, its end. */
  async *sheet(): AsyncGenerator<Buffer> {
    yield Buffer.from(sheetStart(this.names));
    for (let row = 2; row <= SHEET_ROWS;) {
      const chunk = await this.next();
      if (chunk === null) break;
      const { end, lines } = endOfLines(chunk, SHEET_ROWS + 1 - row);
      yield this.numbered(chunk.subarray(0, end), row, lines);
      row += lines;
      this.read += lines;
      this.rest = chunk.subarray(end);
    }
    yield Buffer.from(SHEET_END);
  }

  /** Nothing more is read. */
  async close(): Promise<void> {
    await this.chunks.return(this.read);
  }

  /** The lines with the start of each row; `row` is the number of the one that the first of them belongs to. */
  private numbered(lines: Buffer, row: number, ends: number): Buffer {
    const numbered = Buffer.allocUnsafe(lines.length + (ends + 1) * ROW_START_BYTES);
    let length = 0;
    for (let from = 0, number = row; from < lines.length; number += 1) {
      if (this.atStart) length += numbered.write(rowStart(number), length, 'latin1');
      const lineEnd = lines.indexOf(LINE_END, from);
      const to = lineEnd < 0 ? lines.length : lineEnd + 1;
      length += lines.copy(numbered, length, from, to);
      this.atStart = lineEnd >= 0;
      from = to;
    }
    return numbered.subarray(0, length);
  }

  private async next(): Promise<Buffer | null> {
    if (this.rest.length > 0) return this.rest;
    const next = await this.chunks.next();
    return next.done === true ? null : next.value;
  }
}

/** Some readers need the number of a row and the place of its first cell; both are optional in ECMA-376. */
const rowStart = (row: number): string => `<row r="${String(row)}"><c r="A${String(row)}"`;

/** Where `most` lines end, or all of the chunk; and the number of line ends up to there. */
function endOfLines(chunk: Buffer, most: number): { end: number; lines: number } {
  let lines = 0;
  for (let at = chunk.indexOf(LINE_END); at >= 0; at = chunk.indexOf(LINE_END, at + 1)) {
    lines += 1;
    if (lines === most) return { end: at + 1, lines };
  }
  return { end: chunk.length, lines };
}
