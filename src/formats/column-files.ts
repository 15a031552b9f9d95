import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { quoteText } from '../platform/query-engine/statement-text.js';

import type { Copy, RenderJob } from './format.js';

/**
 * Columns that one statement reads. The engine holds some thousand rows of each of them: 1,147 columns of short text do
 * not fit into 256 MB, 256 of a hundred characters do, and a statement of 64 is the fastest for each.
 */
const COLUMNS_AT_ONCE = 64;

/** Up to so many columns are copied by one statement. */
export const MAX_COLUMNS_OF_STATEMENT = 2 * COLUMNS_AT_ONCE;

/** Whether a table has more columns than one statement is given. */
export const isWide = (columns: readonly unknown[]): boolean => columns.length > MAX_COLUMNS_OF_STATEMENT;

/** A wide table as files of some columns each, with the same rows; gone after `remove`. */
export class ColumnFiles {
  private readonly files: string[] = [];

  private constructor(private readonly job: RenderJob) {}

  /** Writes the files beside the job's file, one statement after the other. */
  static async write(job: RenderJob, values: readonly string[], options: string): Promise<ColumnFiles> {
    const files = new ColumnFiles(job);
    try {
      for (let from = 0; from < values.length; from += COLUMNS_AT_ONCE) {
        const select = `SELECT ${values.slice(from, from + COLUMNS_AT_ONCE).join(', ')} FROM ${job.table}`;
        await files.add({ select, options });
      }
    } catch (error) {
      await files.remove();
      throw error;
    }
    return files;
  }

  /** The bytes of each file, in the order of the columns. */
  read(): AsyncGenerator<Buffer, unknown>[] {
    return this.files.map(bytesOf);
  }

  async remove(): Promise<void> {
    for (const file of this.files) await rm(file, { force: true });
  }

  private async add({ select, options }: Copy): Promise<void> {
    const { session, file, onProgress } = this.job;
    const part = `${file}.${String(this.files.length)}`;
    this.files.push(part);
    await session.query(`COPY (${select}) TO ${quoteText(part)} (${options})`, { ...(onProgress && { onProgress }) });
  }
}

async function* bytesOf(file: string): AsyncGenerator<Buffer, void> {
  for await (const chunk of createReadStream(file)) yield chunk as Buffer; // No encoding is set.
}
