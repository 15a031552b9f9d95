import { Injectable } from '@nestjs/common';
import type { PageDto, WaitDto } from '../platform/http/page.dto.js';
import { RunAnswers, type Exchange, type RunAnswer } from '../results/http/run-answers.js';
import type { ReportDto } from './dto/report.dto.js';
import type { ReportRequest } from './report-request.js';
import { REPORT_WIRE } from './reports.presenter.js';
import { ReportsService } from './reports.service.js';

/** A report, with the first asked page of rows if it is there. */
export type ReportAnswer = RunAnswer<ReportDto>;

/** What several routes answer in the same way: a created report. */
@Injectable()
export class ReportAnswers {
  constructor(
    private readonly reports: ReportsService,
    private readonly answers: RunAnswers,
  ) {}

  /** Creates a report and answers 202, or 200 with rows if the caller waits and it ends in time. */
  async create(exchange: Exchange, body: ReportRequest, query: PageDto & WaitDto): Promise<ReportAnswer> {
    return await this.answers.create(exchange, query, {
      wire: REPORT_WIRE,
      create: async (key) => await this.reports.create(exchange.caller, body, key),
    });
  }
}
