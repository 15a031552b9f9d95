import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { decodeCursor, encodeCursor } from '../../common/pagination.js';
import { Config } from '../../config/config.js';
import type { Caller } from '../../platform/http/caller.js';
import { clientGone, lastEventId, sendEvents } from '../../platform/http/event-stream.js';
import { linkHeader, pageLinks } from '../../platform/http/links.js';
import type { PageDto, WaitDto } from '../../platform/http/page.dto.js';
import { idempotencyKeyOf, waitOf } from '../../platform/http/prefer.js';
import type { CreatedRun } from '../../runs/run-creator.js';
import { RunStatus, type Run } from '../../runs/run.js';
import { isTerminal } from '../../runs/run-state.js';
import { RunWatcher } from '../../runs/run-watcher.js';
import { RunsService, type RunQuery } from '../../runs/runs.service.js';
import { DownloadsService } from '../downloads.service.js';
import { requireResult } from '../result-access.js';
import { ResultPages } from '../result-pages.js';
import { retryAfterOf, toDownloadDto } from './run-presenter.js';
import type { DownloadQueryDto, ListRunsQueryDto } from './run-queries.js';
import type { DownloadDto, RowsPageDto, RunDto } from './run-wire.js';

const RENDER_RETRY_SECONDS = '1';

/** How runs of one kind are shown. */
export interface RunWire<T extends RunDto> {
  /** Path of a run, as in its links and the `Location` header. */
  path: (id: string) => string;
  present: (run: Run, queuePosition?: number | null) => T;
}

/** A run, with the first asked page of rows if it is there. */
export type RunAnswer<T extends RunDto> = T & Partial<Omit<RowsPageDto, 'total_rows'>>;

/** Which runs a list is of, beside what every list can be filtered by. */
export type RunsWanted = Omit<RunQuery, 'status' | 'createdAfter' | 'createdBefore' | 'after' | 'limit'>;

export interface Exchange {
  caller: Caller;
  request: Request;
  response: Response;
}
type Reply = Pick<Exchange, 'request' | 'response'>;

/** What the routes of every kind of run answer in the same way: a created run, its rows, file and events. */
@Injectable()
export class RunAnswers {
  constructor(
    private readonly runs: RunsService,
    private readonly pages: ResultPages,
    private readonly downloads: DownloadsService,
    private readonly watcher: RunWatcher,
    private readonly config: Config,
  ) {}

  /**
   * Answers 202 with what `create` makes for the request's `Idempotency-Key`, or 200 with rows if the caller waits and it ends
   * in time.
   */
  async create<T extends RunDto>(
    { request, response }: Reply,
    query: PageDto & WaitDto,
    { wire, create }: { wire: RunWire<T>; create: (idempotencyKey: string | null) => Promise<CreatedRun> },
  ): Promise<RunAnswer<T>> {
    const { run: created, reuse, replayed } = await create(idempotencyKeyOf(request.header('idempotency-key')));
    const wait = waitOf(request.header('prefer'), query.wait);
    const run = await this.runs.wait(created, wait, clientGone(response));
    response.setHeader('Location', wire.path(run.id));
    if (replayed) response.setHeader('Idempotency-Replayed', 'true');
    if (wait > 0) {
      response.setHeader('Preference-Applied', `wait=${String(Math.min(wait, this.config.http.waitCapSeconds))}`);
    }
    response.status(wait > 0 && isTerminal(run.status) ? 200 : 202);
    const answer: RunAnswer<T> = wire.present(run);
    if (!answer.terminal) response.setHeader('Retry-After', String(retryAfterOf(run)));
    if (reuse) answer.reuse = { kind: reuse.kind, as_of: reuse.asOf.toISOString() };
    return response.statusCode === 200 ? Object.assign(answer, await this.firstRows(run, query)) : answer;
  }

  /** A page of a list of runs, newest first, with a `Link` to the next one. */
  async list(
    { request, response }: Reply,
    query: ListRunsQueryDto,
    wanted: RunsWanted,
  ): Promise<{ shown: Run[]; cursor: string | null }> {
    const found = await this.runs.list({
      ...wanted,
      status: query.status,
      createdAfter: query.created_after,
      createdBefore: query.created_before,
      after: query.cursor === undefined ? undefined : decodeCursor(query.cursor),
      // One more than asked tells whether the list goes on.
      limit: query.limit + 1,
    });
    const shown = found.slice(0, query.limit);
    const last = found.length > query.limit ? shown.at(-1) : undefined;
    const cursor = last === undefined ? null : encodeCursor(last);
    if (cursor !== null) response.setHeader('Link', linkHeader(request, { next: { cursor } }));
    return { shown, cursor };
  }

  /** The run as it is, with the time to look again while it has not ended. */
  async show<T extends RunDto>(response: Response, run: Run, wire: RunWire<T>): Promise<T> {
    if (!isTerminal(run.status)) response.setHeader('Retry-After', String(retryAfterOf(run)));
    return wire.present(run, await this.runs.queuePosition(run));
  }

  /** A page of rows of a completed run, with links to its neighbours. */
  async rows({ request, response }: Reply, run: Run, { page, page_size }: PageDto): Promise<RowsPageDto> {
    const manifest = requireResult(run);
    const rows = await this.pages.read(manifest, page * page_size, page_size);
    response.setHeader('Link', linkHeader(request, pageLinks(page, page_size, manifest.rows)));
    return { page, page_size, total_rows: manifest.rows, columns: manifest.columns, rows };
  }

  /** Redirects to the file, or answers with the link; 202 with the run while the file is rendered. */
  async download<T extends RunDto>(
    { request, response, caller }: Exchange,
    run: Run,
    { query, wire }: { query: DownloadQueryDto; wire: RunWire<T> },
  ): Promise<DownloadDto | T | undefined> {
    const waitSeconds = waitOf(request.header('prefer'), query.wait);
    const { requestId } = caller;
    const download = await this.downloads.download(run, { format: query.format, requestId, waitSeconds });
    response.setHeader('Cache-Control', 'no-store');
    if (!download.ready) {
      response.status(202).setHeader('Retry-After', RENDER_RETRY_SECONDS);
      return wire.present(run);
    }
    if (request.accepts(['application/octet-stream', 'application/json']) === 'application/json') {
      return toDownloadDto(download);
    }
    response.redirect(302, download.link.url);
    return undefined;
  }

  /** Server-sent events of the run, from where the caller was, to its end. */
  async events({ request, response }: Reply, run: Run): Promise<void> {
    await sendEvents(response, this.watcher.follow(run, lastEventId(request), clientGone(response)));
  }

  private async firstRows(run: Run, { page, page_size }: PageDto): Promise<Partial<RowsPageDto>> {
    if (run.status !== RunStatus.Completed) return {};
    const manifest = requireResult(run);
    const rows = await this.pages.read(manifest, page * page_size, page_size);
    return { page, page_size, columns: manifest.columns, rows };
  }
}
