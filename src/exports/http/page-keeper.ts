import { hash } from 'node:crypto';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pagesPrefix, type RunContext } from '../../runs/run-context.js';
import { RunStopped } from '../../runs/run-errors.js';
import type { Storage } from '../../storage/storage.js';
import type { PageCheckpointsRepository } from './page-checkpoints.repository.js';
import type { PageContent } from './page-content.js';
import type { Page, PageFacts, PagePlace } from './page.js';
import { RecordFiles } from './record-files.js';
import { addKinds, newKinds, type ColumnKinds } from './value-kinds.js';

/** Pages that are brought back from storage at the same time. */
const BRINGING = 8;
/** Objects and statements on their way at the same time. */
const WRITERS = 2;

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
  fresh: FreshPage;
  resolve: (page: Page) => void;
  reject: (error: unknown) => void;
}

/** Makes pages durable: their records as objects in storage, and then one row each, which is the checkpoint. */
export class PageKeeper {
  /** Columns of the pages whose checkpoints are durable: what another attempt would know, too. */
  private readonly known: ColumnKinds[] = [];
  private waiting: Waiting[] = [];
  private writers = 0;

  private constructor(
    private readonly parts: KeptParts,
    /** The records in the attempt's folder. */
    readonly files: RecordFiles,
  ) {}

  static async open(parts: KeptParts): Promise<PageKeeper> {
    const folder = join(parts.context.directory, 'pages');
    return new PageKeeper(parts, await RecordFiles.open(folder, parts.extension));
  }

  /** What attempts before have kept, in order, with the records brought into this attempt's folder. */
  async bring(): Promise<Page[]> {
    const { checkpoints, context, storage } = this.parts;
    const pages = await checkpoints.of(context.run.id);
    for (const { facts } of pages) addKinds(this.known, facts.columns);
    const left = pages.values();
    const bringSome = async (): Promise<void> => {
      for (const { key, sequence, facts } of left) {
        if (key === null || facts.span === null) continue;
        const { start, end } = facts.span;
        const records = await storage.read(key, { start, end: end - 1 });
        await this.files.bring({ sequence, header: facts.header, records }, context.signal);
      }
    };
    // All must have ended before the failure of one is told: nobody may go on writing after that.
    for (const outcome of await Promise.allSettled(Array.from({ length: BRINGING }, bringSome))) {
      if (outcome.status === 'rejected') throw outcome.reason;
    }
    return pages;
  }

  /** Resolves when the page is durable. Throws `RunStopped` when the run is no longer this attempt's. */
  keep(fresh: FreshPage): Promise<Page> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ fresh, resolve, reject });
      if (this.writers < WRITERS) void this.write();
    });
  }

  /** What comes while all writers are at work goes together into one object and statement. */
  private async write(): Promise<void> {
    this.writers += 1;
    while (this.waiting.length > 0) {
      const batch = this.waiting.sort((a, b) => a.fresh.sequence - b.fresh.sequence);
      this.waiting = [];
      try {
        const pages = await this.keepAll(batch.map(({ fresh }) => fresh));
        for (const [index, page] of pages.entries()) batch[index]?.resolve(page);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.writers -= 1;
  }

  /** One object and one statement for all of them. */
  private async keepAll(batch: readonly FreshPage[]): Promise<Page[]> {
    const { checkpoints, context, storage, extension } = this.parts;
    const { run, signal } = context;
    const full = batch.filter(({ content }) => content.rows > 0);
    const key = `${pagesPrefix(run.id)}${String(run.attempt)}/${String(full[0]?.sequence)}.${extension}`;
    if (full.length > 0) {
      const body = Readable.from(full.map(({ content }) => content.records));
      const written = this.files.write(full.map(({ sequence, content }) => ({ sequence, ...content })));
      const stored = storage.put(key, body, { contentType: 'application/octet-stream', signal });
      // Both must have ended before the failure of one is told.
      for (const outcome of await Promise.allSettled([stored, written])) {
        if (outcome.status === 'rejected') throw outcome.reason;
      }
    }
    const pages = this.pagesOf(batch, key);
    const reason = await checkpoints.keep(run, pages);
    if (reason === null) {
      for (const { content } of batch) addKinds(this.known, content.columns);
      return pages;
    }
    // Nobody will look for the object; it goes with the other pages when the run has ended.
    throw new RunStopped(reason);
  }

  private pagesOf(batch: readonly FreshPage[], key: string): Page[] {
    let start = 0;
    return batch.map(({ sequence, content, next, totals }) => {
      const { records, rows, largest, header, columns, replaced } = content;
      const bytes = rows === 0 ? 0 : records.length;
      const span = rows === 0 ? null : { start, end: start + bytes };
      start += bytes;
      const facts = { ...totals, columns: newKinds(this.known, columns), largest, header, replaced, span };
      const digest = hash('sha256', records);
      return { sequence, key: span === null ? null : key, rows, bytes, digest, next, facts };
    });
  }
}
