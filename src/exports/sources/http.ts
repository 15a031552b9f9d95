import { Injectable } from '@nestjs/common';
import { ValidationFailed, type ErrorPlace } from '../../common/errors.js';
import { hasUserInfo } from '../../common/user-info.js';
import { Config } from '../../config/config.js';
import { OutboundHttp } from '../../platform/outbound/outbound-http.js';
import { RateLimiter } from '../../platform/outbound/rate-limiter.js';
import type { QueryColumn } from '../../platform/query-engine/query-engine.js';
import { quoteName } from '../../platform/query-engine/statement-text.js';
import type { RunInput } from '../../runs/run.js';
import { Storage } from '../../storage/storage.js';
import { stageCsv } from '../http/csv-staging.js';
import { DriftWatch } from '../http/drift.js';
import { FetchedPages } from '../http/fetched-pages.js';
import { selectJson } from '../http/json-staging.js';
import { PageCheckpointsRepository } from '../http/page-checkpoints.repository.js';
import { PageFetcher } from '../http/page-fetcher.js';
import { PageKeeper } from '../http/page-keeper.js';
import type { RecordFile } from '../http/record-files.js';
import { readerOf } from '../http/page-reader.js';
import { PageMemory } from '../http/page-memory.js';
import { PageWalk } from '../http/page-walk.js';
import type { Page } from '../http/page.js';
import { Paging } from '../http/paging.js';
import { PlainWords } from '../http/plain-words.js';
import { checkHeaders, resolveHeaders } from '../http/request-headers.js';
import type { ColumnKinds } from '../http/value-kinds.js';
import type { HttpSpec } from './http-spec.js';
import { columnsOf, Source, SOURCE_TABLE, type SourceCheck, type SourceJob, type Staged } from './source.js';

type Job = SourceJob<HttpSpec>;

const NO_COLUMNS = 'The source has no records, so that its columns are not known.';

/** Records over HTTP, page by page: each page is kept before the next one is asked for, so that none is asked for twice. */
@Injectable()
export class HttpSource extends Source<HttpSpec> {
  constructor(
    private readonly http: OutboundHttp,
    private readonly limiter: RateLimiter,
    private readonly storage: Storage,
    private readonly checkpoints: PageCheckpointsRepository,
    private readonly config: Config,
  ) {
    super();
  }

  override async check({ owner, spec }: SourceCheck<HttpSpec>): Promise<RunInput[]> {
    if (hasUserInfo(new URL(spec.url))) {
      const detail =
        'must not have a user name or password; send a header with {"secret": "name of a configured secret"}';
      throw ValidationFailed.at('/source/url', detail);
    }
    checkHeaders(spec.headers, this.config.exports.secrets, { owner, url: spec.url });
    checkPaths(spec);
    return [];
  }

  override async stage(job: Job): Promise<Staged> {
    const { spec, session, context, bounds } = job;
    const words = this.wordsFor(spec);
    const drift = new DriftWatch(spec.on_drift);
    const keeper = await PageKeeper.open({
      storage: this.storage,
      checkpoints: this.checkpoints,
      context,
      extension: spec.format === 'csv' ? 'csv' : 'ndjson',
    });
    const paging = new Paging(spec);
    const fetched = new FetchedPages({ spec, paging, drift, bounds, maxPages: this.config.exports.maxPages });
    const pages = await this.walk(job, { words, keeper, paging, fetched });
    // No file has pages from both sides of the end: an empty page stands between them.
    const counted = new Set(pages.map(({ sequence }) => sequence));
    const files = keeper.files.inOrder().filter(({ sequence }) => counted.has(sequence));
    const told =
      spec.format === 'csv'
        ? await stageCsvPages(job, { pages, files })
        : await stageJson(job, { pages, columns: fetched.columns, files });
    const columns = told === null ? [] : await columnsOf(session);
    await checkKey(job, drift, columns);
    return {
      columns,
      rows: pages.reduce((sum, page) => sum + page.rows, 0),
      warnings: [...drift.warnings, ...(told ?? [NO_COLUMNS])],
      facts: {
        type: spec.type,
        url: words.url(spec.url),
        format: spec.format,
        pagination: spec.pagination.type,
        pages: pages.length,
        bytes: pages.reduce((sum, page) => sum + page.bytes, 0),
      },
    };
  }

  private async walk(
    { spec, context, nested }: Job,
    {
      words,
      keeper,
      paging,
      fetched,
    }: { words: PlainWords; keeper: PageKeeper; paging: Paging; fetched: FetchedPages },
  ): Promise<Page[]> {
    const { secrets, maxPageBytes } = this.config.exports;
    const memory = new PageMemory(spec.concurrency);
    const fetcher = new PageFetcher({
      http: this.http,
      limiter: this.limiter,
      spec,
      headers: resolveHeaders(spec.headers, secrets, { owner: context.run.owner, url: spec.url }),
      words,
      maxBytes: maxPageBytes,
      memory,
      deadlineAt: context.deadlineAt,
    });
    const { concurrency } = spec;
    return await new PageWalk({
      context,
      paging,
      fetcher,
      keeper,
      memory,
      pages: fetched,
      read: readerOf(spec, nested),
      concurrency,
    }).walk();
  }

  private wordsFor({ pagination }: HttpSpec): PlainWords {
    const shown = [
      'parameter' in pagination && pagination.type !== 'cursor' ? pagination.parameter : undefined,
      'size_parameter' in pagination ? pagination.size_parameter : undefined,
    ];
    const names = shown.filter((name) => name !== undefined);
    const values = Object.values(this.config.exports.secrets).map(({ value }) => value);
    return new PlainWords(values, new Set(names));
  }
}

interface StagedPages {
  pages: readonly Page[];
  files: readonly RecordFile[];
}

async function stageJson(
  { session }: Job,
  { pages, columns, files }: StagedPages & { columns: readonly ColumnKinds[] },
): Promise<string[] | null> {
  const largest = pages.reduce((most, { facts }) => Math.max(most, facts.largest), 0);
  const known = selectJson({ files: files.map(({ path }) => path), columns, largest });
  if (known === null) return null;
  await session.define(SOURCE_TABLE, known.select);
  return known.warnings;
}

/** Also the headers of pages without records: they name columns. */
async function stageCsvPages({ session }: Job, { pages, files }: StagedPages): Promise<string[] | null> {
  const bare = pages
    .filter(({ rows }) => rows === 0)
    .map(({ sequence, facts: { header } }) => ({ sequence, header, path: null }));
  const inOrder = [...files, ...bare].sort((a, b) => a.sequence - b.sequence);
  return await stageCsv(
    session,
    inOrder.flatMap(({ header, path }) => (header === null ? [] : [{ header, file: path }])),
  );
}

/** Counts the records whose key others have too. */
async function checkKey(
  { spec: { key }, session }: Job,
  drift: DriftWatch,
  columns: readonly QueryColumn[],
): Promise<void> {
  if (key === undefined || columns.length === 0) return;
  const column =
    columns.find(({ name }) => name === key) ?? columns.find(({ name }) => name.toLowerCase() === key.toLowerCase());
  if (column === undefined) {
    drift.note('key', `No record has the field "${key}" that was named as the key.`);
    return;
  }
  const name = quoteName(column.name);
  const [row] = await session.query(`SELECT count(${name}) - count(DISTINCT ${name}) AS twice FROM ${SOURCE_TABLE}`);
  const twice = Number(row?.['twice']);
  if (twice > 0)
    drift.tell('key', `${String(twice)} records have a value of the key "${key}" that another record has.`);
}

/** Places in a page are places in JSON. */
function checkPaths({ format, pagination, records_path: records }: HttpSpec): void {
  if (format === 'json') return;
  const detail = `is for pages of JSON; pages of ${format} have no such place`;
  const places: ErrorPlace[] = records === '' ? [] : [{ pointer: '/source/records_path', detail }];
  for (const field of ['path', 'total_path', 'total_pages_path'] as const) {
    if (Object.hasOwn(pagination, field) && field in pagination)
      places.push({ pointer: `/source/pagination/${field}`, detail });
  }
  if (places.length > 0) throw ValidationFailed.of(places);
}
