import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pagesPrefix, type RunContext } from '../../runs/run-context.js';
import { RunStopped } from '../../runs/run-errors.js';
import type { Storage } from '../../storage/storage.js';
import type { PageCheckpointsRepository } from './page-checkpoints.repository.js';
import type { PageContent } from './page-content.js';
import type { Page, PageFacts, PagePlace } from './page.js';
import { addKinds, newKinds, type ColumnKinds } from './value-kinds.js';

/** Pages that are brought back from storage at the same time. */
const BRINGING = 8;
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const DIGITS = 9;

export interface KeptParts {
  storage: Storage;
  checkpoints: PageCheckpointsRepository;
  context: RunContext;
  /** How files of records end. */
  extension: 'ndjson' | 'csv';
}

/** A page that was read and is not kept yet. */
export interface FreshPage {
  sequence: number;
  content: PageContent;
  next: PagePlace | null;
  totals: Pick<PageFacts, 'total' | 'totalPages'>;
}

interface Waiting {
  page: Page;
  columns: readonly ColumnKinds[];
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** Makes pages durable: their records as objects in storage, and then one row each, which is the checkpoint. */
export class PageKeeper {
  /** Columns of the pages whose checkpoints are durable: what another attempt would know, too. */
  private readonly known: ColumnKinds[] = [];
  private waiting: Waiting[] = [];
  private isWriting = false;

  private constructor(
    private readonly parts: KeptParts,
    private readonly folder: string,
  ) {}

  static async open(parts: KeptParts): Promise<PageKeeper> {
    const folder = join(parts.context.directory, 'pages');
    await mkdir(folder, { recursive: true });
    return new PageKeeper(parts, folder);
  }

  /** What attempts before have kept, in order, with the records brought into this attempt's folder. */
  async bring(): Promise<Page[]> {
    const { checkpoints, context, storage } = this.parts;
    const pages = await checkpoints.of(context.run.id);
    for (const { facts } of pages) addKinds(this.known, facts.columns);
    const left = pages.values();
    const bringSome = async (): Promise<void> => {
      for (const { key, sequence } of left) {
        if (key === null) continue;
        const { signal } = context;
        await pipeline(await storage.read(key), createWriteStream(this.file(sequence)), { signal });
      }
    };
    await Promise.all(Array.from({ length: BRINGING }, bringSome));
    return pages;
  }

  /** Resolves when the page is durable. Throws `RunStopped` when the run is no longer this attempt's. */
  async keep(fresh: FreshPage): Promise<Page> {
    const { content, sequence, next, totals } = fresh;
    const { key, digest } = await this.store(sequence, content);
    const { rows, largest, header, columns, replaced } = content;
    const facts = { ...totals, columns: newKinds(this.known, columns), largest, header, replaced };
    const page = { sequence, key, rows, bytes: content.records.length, digest, next, facts };
    try {
      await this.checkpoint(page, columns);
    } catch (error) {
      // Nobody will look for the object. After another error the row may be there.
      if (key !== null && error instanceof RunStopped) await this.parts.storage.removeAll(key.replace(/[^/]+$/, ''));
      throw error;
    }
    return page;
  }

  /** The records of a page in the attempt's folder. */
  file(sequence: number): string {
    return join(this.folder, `${String(sequence).padStart(DIGITS, '0')}.${this.parts.extension}`);
  }

  private async store(
    sequence: number,
    { records, rows }: PageContent,
  ): Promise<{ key: string | null; digest: string }> {
    if (rows === 0) return { key: null, digest: EMPTY_SHA256 };
    const { storage, context, extension } = this.parts;
    const { run, signal } = context;
    // A folder for each, so that one object can be removed.
    const key = `${pagesPrefix(run.id)}${String(sequence)}.${String(run.attempt)}/records.${extension}`;
    const [stored] = await Promise.all([
      storage.put(key, Readable.from([records]), { contentType: 'application/octet-stream', signal }),
      writeFile(this.file(sequence), records),
    ]);
    return { key, digest: stored.sha256 };
  }

  /** Pages that come while rows are being written go together in the next statement. */
  private checkpoint(page: Page, columns: readonly ColumnKinds[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ page, columns, resolve, reject });
      if (!this.isWriting) void this.write();
    });
  }

  private async write(): Promise<void> {
    const { checkpoints, context } = this.parts;
    this.isWriting = true;
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      try {
        const pages = batch.map(({ page }) => page);
        const reason = await checkpoints.keep(context.run, pages);
        if (reason !== null) throw new RunStopped(reason);
        for (const { columns, resolve } of batch) {
          addKinds(this.known, columns);
          resolve();
        }
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.isWriting = false;
  }
}
