import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { Bounds } from '../../limits/bounds.js';
import { SourceFailed } from '../sources/source-errors.js';

const BLOCK_BYTES = 1024 * 1024;
/** The engine holds several rows of the longest length while it reads the file. */
export const MAX_ROW_BYTES = 32 * 1024 * 1024;

export interface TableProgress {
  rows: number;
  bytes: number;
}

/**
 * A file of rows in PostgreSQL's text format: tab between values, line feed after a row, `\N` for NULL, backslashes before what
 * would be taken for one of these. Rows are gathered into blocks, of which few are in memory.
 */
export class TableFile {
  rows = 0;
  bytes = 0;
  longestRow = 0;
  private block = Buffer.allocUnsafe(BLOCK_BYTES);
  private used = 0;
  private readonly stream: WriteStream;
  private readonly closed: Promise<void>;
  private failure: Error | undefined;
  private waiting: (() => void) | undefined;

  constructor(
    readonly path: string,
    private readonly bounds: Bounds,
    private readonly onProgress: (progress: TableProgress) => void,
  ) {
    this.stream = createWriteStream(path, { highWaterMark: 2 * BLOCK_BYTES });
    this.stream.on('error', (error) => {
      this.failure = toFailure(error);
      this.wake();
    });
    this.stream.on('drain', () => {
      this.wake();
    });
    this.closed = finished(this.stream).catch(() => undefined); // `failure` has the reason.
  }

  /** Adds one row with its line feed. False: wait for `drained` before the next one. Throws `SourceFailed` and `LimitReached`. */
  addRow(row: Buffer): boolean {
    if (this.failure) throw this.failure;
    if (row.length > MAX_ROW_BYTES) throw rowTooLong();
    if (this.used + row.length > BLOCK_BYTES) this.flush();
    if (row.length > BLOCK_BYTES) {
      this.stream.write(row);
    } else {
      row.copy(this.block, this.used);
      this.used += row.length;
    }
    this.rows += 1;
    this.bytes += row.length;
    this.bounds.requireRows(this.rows);
    this.bounds.requireBytes(this.bytes);
    this.longestRow = Math.max(this.longestRow, row.length);
    return !this.stream.writableNeedDrain;
  }

  /** Calls back once when the disk has caught up, or failed. */
  drained(callback: () => void): void {
    this.waiting = callback;
    if (!this.stream.writableNeedDrain || this.failure) this.wake();
  }

  /** Writes what is left. Throws `SourceFailed`. */
  async close(): Promise<void> {
    this.flush();
    this.stream.end();
    await this.closed;
    if (this.failure) throw this.failure;
  }

  /** For a read that failed. */
  async discard(): Promise<void> {
    this.stream.destroy();
    await this.closed;
  }

  private flush(): void {
    if (this.used === 0) return;
    this.stream.write(this.block.subarray(0, this.used));
    this.block = Buffer.allocUnsafe(BLOCK_BYTES);
    this.used = 0;
    this.onProgress({ rows: this.rows, bytes: this.bytes });
  }

  private wake(): void {
    const callback = this.waiting;
    this.waiting = undefined;
    callback?.();
  }
}

export function rowTooLong(): SourceFailed {
  const limit = String(MAX_ROW_BYTES / 1024 ** 2);
  return new SourceFailed(
    `A row is longer than the ${limit} MB that it may have. Leave large columns out, or cut them.`,
  );
}

function toFailure(error: NodeJS.ErrnoException): Error {
  if (error.code !== 'ENOSPC') return error;
  return new SourceFailed('The disk of the worker is full. Try again later or narrow the query.', { cause: error });
}
