import { assertNever } from '../../common/assert-never.js';
import type { OutboundResponse } from '../../platform/outbound/outbound-http.js';
import type { HttpSpec } from '../sources/http-spec.js';
import { scalarAt } from './json-page.js';
import { nextLink } from './link-header.js';
import type { PageContent } from './page-content.js';
import { stepsOf } from './page-path.js';
import type { PagePlace } from './page.js';

/** How much there is in all, as a page says. */
export interface Totals {
  total: number | null;
  totalPages: number | null;
}

/** A page that was just read, and how much was read before it. */
export interface ReadPage {
  place: PagePlace;
  sequence: number;
  content: PageContent;
  answer: OutboundResponse;
  totals: Totals;
  /** Rows of all pages before. */
  rowsBefore: number;
}

/** Where the pages of a source are: the one place that knows how the kinds of pagination differ. */
export class Paging {
  /** Whether a page can be asked for before the one that precedes it is there. */
  readonly isNumbered: boolean;

  constructor(private readonly spec: HttpSpec) {
    const { pagination, concurrency } = spec;
    this.isNumbered = concurrency > 1 && (pagination.type === 'page' || pagination.type === 'offset');
  }

  first(): PagePlace {
    const { pagination, url } = this.spec;
    switch (pagination.type) {
      case 'page':
        return { page: pagination.start };
      case 'offset':
        return { offset: pagination.start };
      case 'cursor':
        return { cursor: null };
      case 'none':
      case 'link':
      case 'next':
        return { url };
      default:
        return assertNever(pagination);
    }
  }

  /** The place of a page of a numbered pagination. */
  at(sequence: number): PagePlace {
    const { pagination } = this.spec;
    if (pagination.type === 'page') return { page: pagination.start + sequence };
    if (pagination.type === 'offset') return { offset: pagination.start + sequence * pagination.size };
    return this.first();
  }

  urlOf(place: PagePlace): string {
    const { pagination } = this.spec;
    if ('url' in place && place.url !== this.spec.url) return place.url;
    const url = new URL(this.spec.url);
    const set = (name: string | undefined, value: string | number | null | undefined): void => {
      if (name !== undefined && value !== null && value !== undefined) url.searchParams.set(name, String(value));
    };
    if ('size' in pagination) set(pagination.size_parameter, pagination.size);
    if ('parameter' in pagination) {
      if ('page' in place) set(pagination.parameter, place.page);
      if ('offset' in place) set(pagination.parameter, place.offset);
      if ('cursor' in place) set(pagination.parameter, place.cursor);
    }
    return url.href;
  }

  totalsOf({ envelope }: PageContent): Totals {
    const { pagination } = this.spec;
    const count = (path: string | undefined): number | null => {
      const text = path === undefined || envelope === null ? null : scalarAt(envelope, stepsOf(path));
      const value = text === null || text.trim() === '' ? NaN : Number(text);
      return Number.isFinite(value) && value >= 0 ? value : null;
    };
    return {
      total: 'total_path' in pagination ? count(pagination.total_path) : null,
      totalPages: 'total_pages_path' in pagination ? count(pagination.total_pages_path) : null,
    };
  }

  /** Where the next page is; null after the last one. A server may cap sizes: a short page is not the last one. */
  next(page: ReadPage): PagePlace | null {
    const { pagination } = this.spec;
    const { place, content, answer } = page;
    switch (pagination.type) {
      case 'none':
        return null;
      case 'page':
        return isLast(page) ? null : 'page' in place ? { page: place.page + 1 } : null;
      case 'offset':
        if (isLast(page) || !('offset' in place)) return null;
        // What was given counts, and not what was asked for.
        return { offset: place.offset + content.rows };
      case 'cursor': {
        const cursor = valueAt(content, pagination.path);
        return cursor === null ? null : { cursor };
      }
      case 'link':
        return resolve(nextLink(answer.headers['link'] ?? ''), answer.url);
      case 'next':
        return resolve(valueAt(content, pagination.path), answer.url);
      default:
        return assertNever(pagination);
    }
  }
}

/** Whether all that there is was given with this page. */
function isLast({ content, sequence, totals, rowsBefore }: ReadPage): boolean {
  const { total, totalPages } = totals;
  if (content.rows === 0) return true;
  if (total !== null && rowsBefore + content.rows >= total) return true;
  return totalPages !== null && sequence + 1 >= totalPages;
}

function valueAt({ envelope }: PageContent, path: string): string | null {
  const text = envelope === null ? null : scalarAt(envelope, stepsOf(path));
  return text === '' || text === 'false' ? null : text;
}

function resolve(link: string | null, base: string): PagePlace | null {
  if (link === null) return null;
  return URL.canParse(link, base) ? { url: new URL(link, base).href } : { url: link };
}
