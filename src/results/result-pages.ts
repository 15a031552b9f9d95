import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Config } from '../config/config.js';
import { jsonProjection } from '../formats/projection.js';
import { QueryEngine, type QuerySession } from '../platform/query-engine/query-engine.js';
import { quoteText } from '../platform/query-engine/statement-text.js';
import type { Manifest } from '../runs/run.js';
import { Storage } from '../storage/storage.js';
import { PartialFile } from './partial-file.js';

/** Reading a page is small work: this is plenty, and keeps the API process small. */
const LIMITS = { memoryMb: 64, threads: 1, spillMb: 1 };

/**
 * Reads pages of results. Of each result only the footer and the row groups that were asked for are brought here, at
 * their own offsets into a sparse local file, so that the engine reads it like the whole; the cost of a page does not
 * depend on its depth or on the size of the result.
 */
@Injectable()
export class ResultPages implements OnApplicationShutdown {
  private readonly directory: string;
  private readonly files = new Map<string, PartialFile>();
  private session: Promise<QuerySession> | undefined;
  private queue: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly storage: Storage,
    private readonly engine: QueryEngine,
    private readonly config: Config,
  ) {
    this.directory = join(config.scratchDir, 'pages', String(process.pid));
  }

  /** Rows `offset` to `offset + limit` as objects in the form that `manifest.columns` promises. */
  async read(manifest: Manifest, offset: number, limit: number): Promise<Record<string, unknown>[]> {
    const last = Math.min(offset + limit, manifest.rows) - 1;
    if (last < offset) return [];
    // One page at a time: the session runs one statement at a time anyway, and a file must not go while it is read.
    const page = this.queue.then(async () => await this.readRows(manifest, offset, last));
    this.queue = page.catch(() => undefined);
    return await page;
  }

  async onApplicationShutdown(): Promise<void> {
    await (await this.session)?.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  private async readRows(manifest: Manifest, first: number, last: number): Promise<Record<string, unknown>[]> {
    this.session ??= this.open();
    const session = await this.session;
    const file = await this.fileOf(session, manifest);
    await file.ensureRows(first, last);
    const rows = await session.query(
      `SELECT CAST(to_json(page) AS VARCHAR) AS row FROM (
         SELECT ${jsonProjection(manifest.columns)} FROM read_parquet(${quoteText(file.path)}, file_row_number = true)
         WHERE file_row_number BETWEEN ${String(first)} AND ${String(last)}) AS page`,
    );
    // The text was made by to_json of a row: it is an object.
    return rows.map((row) => JSON.parse(String(row['row'])) as Record<string, unknown>);
  }

  private async fileOf(session: QuerySession, manifest: Manifest): Promise<PartialFile> {
    const known = this.files.get(manifest.key);
    if (known) {
      // Most recently used last.
      this.files.delete(manifest.key);
      this.files.set(manifest.key, known);
      return known;
    }
    await this.makeRoom();
    const path = join(this.directory, `${manifest.sha256}.parquet`);
    const file = await PartialFile.open({ path, session, storage: this.storage, manifest });
    this.files.set(manifest.key, file);
    return file;
  }

  private async makeRoom(): Promise<void> {
    const limit = this.config.results.pageCacheMb * 1024 * 1024;
    let used = [...this.files.values()].reduce((sum, file) => sum + file.fetchedBytes, 0);
    for (const [key, file] of this.files) {
      if (used < limit) return;
      this.files.delete(key);
      used -= file.fetchedBytes;
      await file.remove();
    }
  }

  private async open(): Promise<QuerySession> {
    await rm(this.directory, { recursive: true, force: true });
    await mkdir(this.directory, { recursive: true });
    return await this.engine.open({ directory: this.directory, limits: LIMITS });
  }
}
