import type { TableColumn } from '../common/table-column.js';
import { BlockOutput } from './block-output.js';
import { CellWriter, columnLetters } from './xlsx-cells.js';
import { Fields, type FieldSink } from './xlsx-fields.js';
import { SHEET_END, sheetStart } from './xlsx-parts.js';

/** Rows of a sheet, the header among them. */
export const SHEET_ROWS = 1_048_576;
/** Rows of data that fit into a sheet. */
export const SHEET_RECORDS = SHEET_ROWS - 1;
/** Columns of a sheet. */
export const MAX_COLUMNS = 16_384;

/**
 * Makes sheets of fields (`FIELD_OPTIONS`). They come in one stream, or in several that have some of the columns each and are
 * read side by side.
 */
export class Sheets {
  readonly cells: CellWriter;
  private readonly output = new BlockOutput();
  private readonly sources: readonly Source[];
  private read = 0;

  constructor(
    streams: readonly AsyncGenerator<Buffer, unknown>[],
    private readonly columns: readonly TableColumn[],
    neutralizeFormulas: boolean,
  ) {
    const cells = new CellWriter(columns, neutralizeFormulas, this.output);
    const unfinished: FieldSink = {
      value: (bytes, from, to) => {
        cells.value(bytes, from, to);
      },
      nothing: () => {
        cells.nothing();
      },
      endRecord: () => undefined,
    };
    this.cells = cells;
    this.sources = streams.map((chunks, index) => ({
      chunks,
      fields: new Fields(index === streams.length - 1 ? cells : unfinished),
    }));
  }

  /** Rows of data so far. */
  get rows(): number {
    return this.read;
  }

  /** The next sheet, which has so many rows of data. */
  async *sheet(records: number): AsyncGenerator<Buffer> {
    yield Buffer.from(sheetStart(`${columnLetters(this.columns.length - 1)}${String(records + 1)}`));
    this.cells.header();
    for (let left = records; left > 0;) {
      const added = await this.next(left);
      if (added === 0) break;
      left -= added;
      for (const block of this.output.takeFull()) yield block;
    }
    for (const block of this.output.takeAll()) yield block;
    yield Buffer.from(SHEET_END);
  }

  /** Reads on until nothing comes, so that rows which nobody counted and errors at the end are heard of. */
  async end(): Promise<void> {
    while ((await this.next(1)) > 0);
  }

  /** Nothing more is read. */
  async close(): Promise<void> {
    for (const { chunks } of this.sources) await chunks.return(undefined);
  }

  /** Adds some rows, at most so many; 0 at the end. */
  private async next(most: number): Promise<number> {
    const step = this.sources.length === 1 ? most : 1;
    let added = 0;
    for (const { fields, chunks } of this.sources) {
      for (added = fields.drain(step); added === 0; added = fields.drain(step)) {
        const next = await chunks.next();
        if (next.done === true) return 0;
        fields.add(next.value);
      }
    }
    this.read += added;
    return added;
  }
}

interface Source {
  chunks: AsyncGenerator<Buffer, unknown>;
  fields: Fields;
}
