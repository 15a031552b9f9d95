import type { OutboundResponse } from '../../platform/outbound/outbound-http.js';
import type { RunContext } from '../../runs/run-context.js';
import { RunStopped } from '../../runs/run-errors.js';
import { RunPhase } from '../../runs/run.js';
import { SourceFailed } from '../sources/source-errors.js';
import type { FetchedPages, PageTask } from './fetched-pages.js';
import { PageUnreadable } from './json-bytes.js';
import type { PageContent } from './page-content.js';
import type { PageFetcher, PageSignals } from './page-fetcher.js';
import type { PageKeeper } from './page-keeper.js';
import type { PageMemory } from './page-memory.js';
import type { Page } from './page.js';
import type { Paging } from './paging.js';

/** Requests that are in flight when the worker is told to stop may take so long; then they are given up. */
const DRAIN_MS = 5000;

export interface WalkParts {
  context: RunContext;
  paging: Paging;
  fetcher: PageFetcher;
  keeper: PageKeeper;
  memory: PageMemory;
  pages: FetchedPages;
  /** Reads the body of a page. Throws `PageUnreadable`. */
  read: (answer: OutboundResponse) => PageContent;
  /** Requests at a time. */
  concurrency: number;
}

/** A page on its way, and what stops it. */
class Flight {
  private readonly waiting = new AbortController();
  private readonly asking = new AbortController();
  readonly signals: PageSignals = { waiting: this.waiting.signal, asking: this.asking.signal };

  stopWaiting(reason: unknown): void {
    this.waiting.abort(reason);
  }

  stop(reason: unknown): void {
    this.waiting.abort(reason);
    this.asking.abort(reason);
  }
}

/** Fetches and keeps pages, from where the attempts before have come to, until there are no more. */
export class PageWalk {
  private readonly flights = new Map<number, Flight>();
  private failure: { sequence: number; error: unknown } | null = null;

  constructor(private readonly parts: WalkParts) {}

  /** All pages, in order. Throws `SourceFailed`, `SourceDrift`, `RunStopped`, or the reason of the context's signal. */
  async walk(): Promise<Page[]> {
    const { context, keeper, pages } = this.parts;
    for (const page of await keeper.bring()) pages.add(page);
    this.report();
    const release = this.watch(context);
    try {
      await this.fetchAll();
    } finally {
      release();
    }
    context.signal.throwIfAborted();
    if (this.failure !== null) throw this.failure.error;
    return pages.finish();
  }

  /** Stops what is on its way when the run or the worker is stopped. Returns what ends the watch. */
  private watch({ signal, draining }: RunContext): () => void {
    let patience: NodeJS.Timeout | undefined;
    const stop = (): void => this.stopAbove(-1, signal.reason);
    const drain = (): void => {
      const reason = new RunStopped('drained');
      for (const flight of this.flights.values()) flight.stopWaiting(reason);
      patience = setTimeout(() => this.stopAbove(-1, reason), DRAIN_MS);
    };
    signal.addEventListener('abort', stop, { once: true });
    draining.addEventListener('abort', drain, { once: true });
    return () => {
      signal.removeEventListener('abort', stop);
      draining.removeEventListener('abort', drain);
      clearTimeout(patience);
    };
  }

  private async fetchAll(): Promise<void> {
    const running = new Map<number, Promise<void>>();
    for (;;) {
      for (let task = this.next(running); task !== null; task = this.next(running)) {
        const { sequence } = task;
        running.set(
          sequence,
          this.see(task).finally(() => running.delete(sequence)),
        );
      }
      if (running.size === 0) return;
      await Promise.race(running.values());
    }
  }

  private next(running: ReadonlyMap<number, unknown>): PageTask | null {
    const { context, concurrency, pages } = this.parts;
    if (running.size >= concurrency || this.failure !== null || context.signal.aborted) return null;
    try {
      const task = pages.task(new Set(running.keys()));
      // Not before: what is complete needs no other worker.
      if (task !== null && context.draining.aborted) throw new RunStopped('drained');
      return task;
    } catch (error) {
      this.failure = { sequence: Infinity, error };
      return null;
    }
  }

  private async see(task: PageTask): Promise<void> {
    const { sequence } = task;
    const { pages } = this.parts;
    const flight = new Flight();
    this.flights.set(sequence, flight);
    try {
      pages.add(await this.fetch(task, flight));
      this.report();
    } catch (error) {
      this.fail(sequence, error);
    } finally {
      this.flights.delete(sequence);
      // A page that is not there need not be had: the end was found meanwhile.
      if (this.failure?.error instanceof SourceFailed && pages.isBeyondEnd(this.failure.sequence)) this.failure = null;
    }
  }

  private async fetch({ sequence, place }: PageTask, { signals }: Flight): Promise<Page> {
    const { paging, fetcher, keeper, memory, pages } = this.parts;
    const url = paging.urlOf(place);
    const answer = await fetcher.fetch({ sequence, url, ...signals });
    const content = this.read(answer, { sequence, url });
    const totals = paging.totalsOf(content);
    const next = paging.next({ place, sequence, content, answer, totals, rowsBefore: pages.rows });
    const page = await keeper.keep({ sequence, content, next, totals });
    // Where anything failed, a request that was given up may still write to its memory.
    if (answer.memory) memory.give(answer.memory);
    return page;
  }

  private read(answer: OutboundResponse, page: { sequence: number; url: string }): PageContent {
    try {
      return this.parts.read(answer);
    } catch (error) {
      if (!(error instanceof PageUnreadable)) throw error;
      const place = `at byte ${String(error.offset + 1)} of ${String(answer.body.length)}`;
      throw this.parts.fetcher.failed(page, `its content cannot be used: ${error.message} (${place})`, error);
    }
  }

  /** Of several failures the one of the first page counts; what comes after it is not wanted any more. */
  private fail(sequence: number, error: unknown): void {
    if (this.failure !== null && this.failure.sequence <= sequence) return;
    this.failure = { sequence, error };
    this.stopAbove(sequence, error);
  }

  private stopAbove(sequence: number, reason: unknown): void {
    for (const [other, flight] of this.flights) if (other > sequence) flight.stop(reason);
  }

  private report(): void {
    const { context, pages } = this.parts;
    context.progress(RunPhase.Fetch, pages.progress);
  }
}
