import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Config } from '../config/config.js';
import { jsonProjection } from '../formats/json-projection.js';
import { IsolatedQueryEngine, type QuerySession } from '../platform/query-engine/query-engine.js';
import { QueryEngineLost } from '../platform/query-engine/query-errors.js';
import { quoteText } from '../platform/query-engine/statement-text.js';
import type { Manifest } from '../runs/run.js';
import { Storage } from '../storage/storage.js';
import { StorageUnavailable } from '../storage/storage-errors.js';
import { PartialFile } from './partial-file.js';

/** A page of a very wide result needs memory for a row group of all its columns. */
const LIMITS = { memoryMb: 256, threads: 1, spillMb: 1 };

/**
 * Reads pages of results. Of each result only the footer and the row groups that were asked for are brought here, at
 * their own offsets into a sparse local file, so that the engine reads it like the whole; the cost of a page does not
 * depend on its depth or on the size of the result. The engine is in a process of its own, so that the API stays small.
 */
@Injectable()
export class ResultPages implements OnApplicationShutdown {
  private readonly logger = new Logger(ResultPages.name);
  private readonly directory: string;
  private readonly files = new Map<string, Promise<PartialFile>>();
  private session: Promise<QuerySession> | undefined;

  constructor(
    private readonly storage: Storage,
    private readonly engine: IsolatedQueryEngine,
    private readonly config: Config,
  ) {
    this.directory = join(config.scratchDir, 'pages', String(process.pid));
  }

  /** Rows `offset` to `offset + limit` as objects in the form that `manifest.columns` promises. */
  async read(manifest: Manifest, offset: number, limit: number): Promise<Record<string, unknown>[]> {
    const range = { first: offset, last: Math.min(offset + limit, manifest.rows) - 1 };
    if (range.last < range.first) return [];
    const session = await this.opened();
    try {
      return await this.readRows(session, manifest, range);
    } catch (error) {
      if (error instanceof StorageUnavailable) throw error;
      if (error instanceof QueryEngineLost) await this.forget(session);
      // The local copy may have been evicted meanwhile, or removed with the rest of a temporary folder: once more.
      this.logger.warn({ err: error, msg: 'a page could not be read from its local copy; it is fetched again' });
      await this.drop(manifest.key);
      await mkdir(this.directory, { recursive: true });
      return await this.readRows(await this.opened(), manifest, range);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await (await this.session)?.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  private async readRows(
    session: QuerySession,
    manifest: Manifest,
    { first, last }: { first: number; last: number },
  ): Promise<Record<string, unknown>[]> {
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
    await this.makeRoom();
    const path = join(this.directory, `${randomUUID()}.parquet`);
    const file = this.files.get(manifest.key) ?? PartialFile.open({ path, session, storage: this.storage, manifest });
    // Most recently used last.
    this.files.delete(manifest.key);
    this.files.set(manifest.key, file);
    try {
      return await file;
    } catch (error) {
      this.files.delete(manifest.key);
      await rm(path, { force: true });
      throw error;
    }
  }

  /** Others may be reading the copy: they fetch it again, too. One that could not be made is gone already. */
  private async drop(key: string): Promise<void> {
    const [made] = await Promise.allSettled([this.files.get(key)]);
    this.files.delete(key);
    if (made.status === 'fulfilled') await made.value?.remove();
  }

  /** The next page begins anew, unless another reader was quicker. */
  private async forget(lost: QuerySession): Promise<void> {
    if ((await this.opened()) !== lost) return;
    this.session = undefined;
    this.files.clear();
  }

  /** Removes the copies that were not used for longest, down to the configured size. */
  private async makeRoom(): Promise<void> {
    const limit = this.config.results.pageCacheMb * 1024 * 1024;
    const opened = await Promise.allSettled([...this.files].map(async ([key, file]) => ({ key, file: await file })));
    const files = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    let used = files.reduce((sum, { file }) => sum + file.fetchedBytes, 0);
    for (const { key, file } of files) {
      if (used < limit) return;
      this.files.delete(key);
      used -= file.fetchedBytes;
      await file.remove();
    }
  }

  private async opened(): Promise<QuerySession> {
    this.session ??= this.open();
    try {
      return await this.session;
    } catch (error) {
      this.session = undefined;
      throw error;
    }
  }

  private async open(): Promise<QuerySession> {
    await rm(this.directory, { recursive: true, force: true });
    await mkdir(this.directory, { recursive: true });
    return await this.engine.open({ directory: this.directory, limits: LIMITS });
  }
}
