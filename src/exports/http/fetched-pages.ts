import type { Bounds } from '../../limits/bounds.js';
import type { ProgressDetail } from '../../runs/progress-meter.js';
import type { HttpSpec } from '../sources/http-spec.js';
import { SourceFailed } from '../sources/source-errors.js';
import type { DriftWatch } from './drift.js';
import type { Page, PagePlace } from './page.js';
import type { Paging } from './paging.js';
import { addKinds, type ColumnKinds } from './value-kinds.js';

/** A page to be asked for. */
export interface PageTask {
  sequence: number;
  place: PagePlace;
}

export interface FetchedPagesParts {
  spec: HttpSpec;
  paging: Paging;
  drift: DriftWatch;
  bounds: Bounds;
  maxPages: number;
}

/** The pages that are there, and what they say about those that are not. */
export class FetchedPages {
  rows = 0;
  private readonly pages = new Map<number, Page>();
  private bytes = 0;
  private total: number | null = null;
  private totalPages: number | null = null;
  /** The first page of a numbered pagination that is known not to be there. */
  private end = Infinity;
  /** Rows of the largest page: what one on its way is taken to have. */
  private pageRows = 0;
  /** Where to go on when each page leads to the next one. */
  private chain: PageTask | null;
  private isNumbered: boolean;
  /** All pages before it are there. */
  private gap = 0;
  private readonly spec: HttpSpec;
  private readonly paging: Paging;
  private readonly drift: DriftWatch;
  private readonly bounds: Bounds;
  private readonly maxPages: number;

  constructor({ spec, paging, drift, bounds, maxPages }: FetchedPagesParts) {
    this.spec = spec;
    this.paging = paging;
    this.drift = drift;
    this.bounds = bounds;
    this.maxPages = maxPages;
    this.isNumbered = paging.isNumbered;
    this.chain = { sequence: 0, place: paging.first() };
    drift.isRepeated(this.chain.place, 0);
  }

  /** Takes note of a page that is kept. Throws `LimitReached`, and `SourceDrift` if the export asks for that. */
  add(page: Page): void {
    const { sequence, rows, bytes, facts, next } = page;
    this.pages.set(sequence, page);
    while (this.pages.has(this.gap)) this.gap += 1;
    this.rows += rows;
    this.bytes += bytes;
    this.pageRows = Math.max(this.pageRows, rows);
    this.total = facts.total ?? this.total;
    this.totalPages = facts.totalPages ?? this.totalPages;
    if (rows === 0) this.end = Math.min(this.end, sequence);
    if (sequence === 0 && this.isNumbered) this.isNumbered = this.givesWhatIsAsked(rows);
    if (!this.isNumbered) this.goOn(sequence, next);
    this.bounds.requireRows(this.rows);
    this.bounds.requireBytes(this.bytes);
    this.drift.observe(page);
  }

  /** The next page to ask for while others are on their way; null if there is none now. */
  task(onTheirWay: ReadonlySet<number>): PageTask | null {
    const task = this.isNumbered && this.pages.has(0) ? this.numbered(onTheirWay) : this.chain;
    if (task === null || onTheirWay.has(task.sequence)) return null;
    const { page_limit: limit = Infinity } = this.spec;
    if (task.sequence >= limit) return null;
    if (task.sequence >= this.maxPages) {
      throw new SourceFailed(
        `The source has more than the ${String(this.maxPages)} pages that an export may fetch. Ask for larger pages.`,
      );
    }
    return task;
  }

  /** Whether the page is one that does not count: an empty one stands before it. */
  isBeyondEnd(sequence: number): boolean {
    return this.isNumbered && this.end < Infinity && sequence >= this.end;
  }

  get progress(): ProgressDetail {
    const pages = this.pages.size;
    const { page_limit: limit } = this.spec;
    const shares = [
      ...(this.total === null ? [] : [this.rows / this.total]),
      ...(this.totalPages === null ? [] : [pages / this.totalPages]),
      ...(limit === undefined ? [] : [pages / limit]),
    ].filter((share) => Number.isFinite(share));
    const percent = shares.length === 0 ? null : Math.min(100, Math.max(...shares) * 100);
    return { percent, rows: this.rows, pages, bytes: this.bytes };
  }

  /** All that count, in order. Call once, at the end: tells what was left out. */
  finish(): Page[] {
    const pages = [...this.pages.values()]
      .filter(({ sequence }) => !this.isBeyondEnd(sequence))
      .sort((a, b) => a.sequence - b.sequence);
    this.checkSizes(pages);
    const { page_limit: limit } = this.spec;
    const isCut = limit !== undefined && pages.length >= limit;
    const rows = pages.reduce((sum, page) => sum + page.rows, 0);
    if (!isCut && this.total !== null && rows !== this.total) {
      this.drift.tell('rows', `The total was ${String(this.total)}, but there were ${String(rows)} records.`);
    }
    if (isCut && this.mayHaveMore()) {
      this.drift.note(
        'limit',
        `The fetch ended at the page_limit of ${String(limit)} pages; the source may have more.`,
      );
    }
    return pages;
  }

  /** Columns of all pages, also of those that do not count: a page is kept with what it adds to others. */
  get columns(): ColumnKinds[] {
    const columns: ColumnKinds[] = [];
    const pages = [...this.pages.values()].sort((a, b) => a.sequence - b.sequence);
    for (const { facts } of pages) addKinds(columns, facts.columns);
    return columns;
  }

  private goOn(sequence: number, next: PagePlace | null): void {
    const isOver = next === null || this.drift.isRepeated(next, sequence + 1);
    this.chain = isOver ? null : { sequence: sequence + 1, place: next };
  }

  private numbered(onTheirWay: ReadonlySet<number>): PageTask | null {
    let sequence = this.gap;
    while (this.pages.has(sequence) || onTheirWay.has(sequence)) sequence += 1;
    if (sequence >= this.end || sequence >= (this.totalPages ?? Infinity)) return null;
    // With what is on its way all may be there; if it is not, the next call says so.
    const expected = this.rows + onTheirWay.size * this.pageRows;
    if (this.total !== null && expected >= this.total) return null;
    return { sequence, place: this.paging.at(sequence) };
  }

  /** Offsets can be counted ahead only if the server gives pages of the size that was asked for. */
  private givesWhatIsAsked(rows: number): boolean {
    const { pagination } = this.spec;
    return pagination.type !== 'offset' || rows >= pagination.size;
  }

  private checkSizes(pages: readonly Page[]): void {
    const { pagination } = this.spec;
    if (!this.isNumbered || pagination.type !== 'offset') return;
    const odd = pages.find(
      ({ rows, sequence }) =>
        rows !== pagination.size && pages.some((page) => page.rows > 0 && page.sequence > sequence),
    );
    if (odd === undefined) return;
    throw new SourceFailed(
      `Page ${String(odd.sequence + 1)} has ${String(odd.rows)} records where ${String(pagination.size)} were asked for, ` +
        'so that pages at fixed offsets do not fit together. Export with concurrency 1.',
    );
  }

  private mayHaveMore(): boolean {
    if (!this.isNumbered) return this.chain !== null;
    return (
      this.end === Infinity && this.rows < (this.total ?? Infinity) && this.pages.size < (this.totalPages ?? Infinity)
    );
  }
}
