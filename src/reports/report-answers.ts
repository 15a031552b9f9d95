import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Config } from '../config/config.js';
import type { Caller } from '../platform/http/caller.js';
import { clientGone } from '../platform/http/event-stream.js';
import { linkHeader, pageLinks } from '../platform/http/links.js';
import type { PageDto, WaitDto } from '../platform/http/page.dto.js';
import { idempotencyKeyOf, waitOf } from '../platform/http/prefer.js';
import { requireResult } from '../results/result-access.js';
import { ResultPages } from '../results/result-pages.js';
import { RunStatus, type Run } from '../runs/run.js';
import { isTerminal } from '../runs/run-state.js';
import { RunsService } from '../runs/runs.service.js';
import type { ReportDto, RowsDto } from './dto/report.dto.js';
import type { ReportRequest } from './report-request.js';
import { reportPath, retryAfterOf, toReportDto } from './reports.presenter.js';
import { ReportsService } from './reports.service.js';

/** A report, with the first asked page of rows if it is there. */
export type ReportAnswer = ReportDto & Partial<Omit<RowsDto, 'report_id' | 'total_rows'>>;

export interface Exchange {
  caller: Caller;
  request: Request;
  response: Response;
}

/** What several routes answer in the same way: a created report, a page of rows. */
@Injectable()
export class ReportAnswers {
  constructor(
    private readonly reports: ReportsService,
    private readonly runs: RunsService,
    private readonly pages: ResultPages,
    private readonly config: Config,
  ) {}

  /** Creates a report and answers 202, or 200 with rows if the caller waits and it ends in time. */
  async create(exchange: Exchange, body: ReportRequest, query: PageDto & WaitDto): Promise<ReportAnswer> {
    const { caller, request, response } = exchange;
    const key = idempotencyKeyOf(request.header('idempotency-key'));
    const { run: created, reuse, replayed } = await this.reports.create(caller, body, key);
    const wait = waitOf(request.header('prefer'), query.wait);
    const run = await this.runs.wait(created, wait, clientGone(response));
    response.setHeader('Location', reportPath(run.id));
    if (replayed) response.setHeader('Idempotency-Replayed', 'true');
    if (wait > 0) {
      response.setHeader('Preference-Applied', `wait=${String(Math.min(wait, this.config.http.waitCapSeconds))}`);
    }
    response.status(wait > 0 && isTerminal(run.status) ? 200 : 202);
    const answer: ReportAnswer = toReportDto(run);
    if (!answer.terminal) response.setHeader('Retry-After', String(retryAfterOf(run)));
    if (reuse) answer.reuse = { kind: reuse.kind, as_of: reuse.asOf.toISOString() };
    return response.statusCode === 200 ? Object.assign(answer, await this.firstRows(run, query)) : answer;
  }

  /** The run as it is, with the time to look again while it has not ended. */
  async show(response: Response, run: Run): Promise<ReportDto> {
    if (!isTerminal(run.status)) response.setHeader('Retry-After', String(retryAfterOf(run)));
    return toReportDto(run, await this.runs.queuePosition(run));
  }

  /** A page of rows of a completed run, with links to its neighbours. */
  async rows({ request, response }: Pick<Exchange, 'request' | 'response'>, run: Run, page: PageDto): Promise<RowsDto> {
    const manifest = requireResult(run);
    const rows = await this.pages.read(manifest, page.page * page.page_size, page.page_size);
    response.setHeader('Link', linkHeader(request, pageLinks(page.page, page.page_size, manifest.rows)));
    return {
      report_id: run.id,
      page: page.page,
      page_size: page.page_size,
      total_rows: manifest.rows,
      columns: manifest.columns,
      rows,
    };
  }

  private async firstRows(run: Run, { page, page_size }: PageDto): Promise<Partial<RowsDto>> {
    if (run.status !== RunStatus.Completed) return {};
    const manifest = requireResult(run);
    const rows = await this.pages.read(manifest, page * page_size, page_size);
    return { page, page_size, columns: manifest.columns, rows };
  }
}
