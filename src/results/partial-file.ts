import { open, rm } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';

import type { QuerySession } from '../platform/query-engine/query-engine.js';
import { quoteText } from '../platform/query-engine/statement-text.js';
import type { Manifest } from '../runs/run.js';
import type { Storage } from '../storage/storage.js';

/** A Parquet file ends with the length of its footer (4 bytes, little endian) and the letters PAR1. */
const TAIL_BYTES = 8;
/** Most footers fit, so that one request brings them. */
const FIRST_GUESS_BYTES = 64 * 1024;

interface RowGroup {
  firstRow: number;
  lastRow: number;
  start: number;
  /** Exclusive. */
  end: number;
  present: boolean;
}

interface OpenOptions {
  path: string;
  session: QuerySession;
  storage: Storage;
  manifest: Manifest;
}

/** A local sparse copy of a stored Parquet file that holds its footer and those row groups that were needed so far. */
export class PartialFile {
  private constructor(
    readonly path: string,
    private readonly storage: Storage,
    private readonly key: string,
    private readonly groups: RowGroup[],
    private fetched: number,
  ) {}

  static async open({ path, session, storage, manifest }: OpenOptions): Promise<PartialFile> {
    const { bytes: size, key } = manifest;
    let tail = await fetchRange(storage, key, { start: Math.max(0, size - FIRST_GUESS_BYTES), end: size - 1 });
    const footer = tail.readUInt32LE(tail.length - TAIL_BYTES) + TAIL_BYTES;
    if (footer > tail.length) tail = await fetchRange(storage, key, { start: size - footer, end: size - 1 });
    const file = await open(path, 'w');
    try {
      await file.truncate(size);
      await file.write(tail, 0, tail.length, size - tail.length);
    } finally {
      await file.close();
    }
    return new PartialFile(path, storage, key, await rowGroups(session, path), tail.length);
  }

  /** Bytes brought here so far. */
  get fetchedBytes(): number {
    return this.fetched;
  }

  /** Brings what is missing of the row groups that hold these rows (both inclusive). */
  async ensureRows(first: number, last: number): Promise<void> {
    const missing = this.groups.filter((group) => !group.present && group.firstRow <= last && group.lastRow >= first);
    if (missing.length === 0) return;
    const file = await open(this.path, 'r+');
    try {
      for (const group of missing) {
        const bytes = await fetchRange(this.storage, this.key, { start: group.start, end: group.end - 1 });
        await file.write(bytes, 0, bytes.length, group.start);
        group.present = true;
        this.fetched += bytes.length;
      }
    } finally {
      await file.close();
    }
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true });
  }
}

async function fetchRange(storage: Storage, key: string, range: { start: number; end: number }): Promise<Buffer> {
  return await buffer(await storage.read(key, range));
}

async function rowGroups(session: QuerySession, path: string): Promise<RowGroup[]> {
  const rows = await session.query(
    `SELECT any_value(row_group_num_rows) AS rows, min(coalesce(dictionary_page_offset, data_page_offset)) AS first,
       max(coalesce(dictionary_page_offset, data_page_offset) + total_compressed_size) AS past
     FROM parquet_metadata(${quoteText(path)}) GROUP BY row_group_id ORDER BY row_group_id`,
  );
  let firstRow = 0;
  return rows.map((row) => {
    const count = Number(row['rows']);
    const group = {
      firstRow,
      lastRow: firstRow + count - 1,
      start: Number(row['first']),
      end: Number(row['past']),
      present: false,
    };
    firstRow += count;
    return group;
  });
}
