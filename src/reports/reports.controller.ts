import { Body, Controller, Delete, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ErrorCode } from '../common/errors.js';
import { Scope } from '../common/scope.js';
import { Needs } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/api-problems.js';
import { CurrentCaller, type Caller } from '../platform/http/caller.js';
import { IdParam } from '../platform/http/id-param.js';
import { RunAnswers } from '../results/http/run-answers.js';
import { CreateRunQueryDto } from '../results/http/run-queries.js';
import { RunKind } from '../runs/run.js';
import { RunsService } from '../runs/runs.service.js';
import { CreateReportDto } from './dto/create-report.dto.js';
import { ListReportsQueryDto } from './dto/report-queries.dto.js';
import { ReportDto, ReportListDto } from './dto/report.dto.js';
import { ReportAnswers, type ReportAnswer } from './report-answers.js';
import { parseReportRequest } from './report-request.js';
import { REPORT_WIRE, toReportDto } from './reports.presenter.js';

const WAIT_HEADER = {
  name: 'Prefer',
  required: false,
  description: '`wait=N`: hold the answer back until the report has ended, at most N seconds (RFC 7240).',
};

@ApiTags('reports')
@Controller('reports')
export class ReportsController {
  constructor(
    private readonly runs: RunsService,
    private readonly reports: ReportAnswers,
    private readonly answers: RunAnswers,
  ) {}

  @Post()
  @Needs(Scope.ReportsRun)
  @ApiOperation({
    operationId: 'createReport',
    summary: 'Run a report',
    description:
      'Answers at once with the id of the run (202). The parameters of the report stand at the top level of the body; ' +
      'its definition has their schema. With `wait` it answers 200 with the first rows if the report ends in time.',
  })
  @ApiHeader(WAIT_HEADER)
  @ApiHeader({ name: 'Idempotency-Key', required: false, description: 'Makes a repeated request safe, for 24 h.' })
  @ApiBody({ type: CreateReportDto })
  @ApiResponse({ status: 202, type: ReportDto, description: 'The run is queued.' })
  @ApiResponse({ status: 200, type: ReportDto, description: 'The run has ended; `rows` has the asked page.' })
  @ApiProblems(
    ErrorCode.MalformedRequest,
    ErrorCode.ValidationFailed,
    ErrorCode.DatasetNotFound,
    ErrorCode.IdempotencyKeyReused,
  )
  async create(
    @CurrentCaller() caller: Caller,
    @Body() body: unknown,
    @Query() query: CreateRunQueryDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ReportAnswer> {
    return await this.reports.create({ caller, request, response }, parseReportRequest(body), query);
  }

  @Get()
  @Needs(Scope.ReportsRead, Scope.ReportsRun)
  @ApiOperation({ operationId: 'listReports', summary: 'List reports, newest first' })
  @ApiResponse({ status: 200, type: ReportListDto })
  @ApiProblems(ErrorCode.ValidationFailed)
  async list(
    @CurrentCaller() { owner }: Caller,
    @Query() query: ListReportsQueryDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ReportListDto> {
    const wanted = { owner, kind: RunKind.Report, name: query.report_name };
    const { shown, cursor } = await this.answers.list({ request, response }, query, wanted);
    return { reports: shown.map((run) => toReportDto(run)), next_cursor: cursor };
  }

  @Get(':id')
  @Needs(Scope.ReportsRead, Scope.ReportsRun)
  @ApiOperation({
    operationId: 'getReport',
    summary: 'Show a report',
    description: 'Always 200, also when it failed: `error` says why.',
  })
  @ApiResponse({ status: 200, type: ReportDto })
  @ApiProblems(ErrorCode.ValidationFailed, ErrorCode.RunNotFound)
  async get(
    @CurrentCaller() { owner }: Caller,
    @IdParam() id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ReportDto> {
    return await this.answers.show(response, await this.runs.get(owner, id, RunKind.Report), REPORT_WIRE);
  }

  @Post(':id/cancel')
  @Needs(Scope.ReportsRun)
  @HttpCode(202)
  @ApiOperation({
    operationId: 'cancelReport',
    summary: 'Cancel a report',
    description: 'The status is `cancelling` until the work has really stopped, then `cancelled`. May be repeated.',
  })
  @ApiResponse({ status: 202, type: ReportDto })
  @ApiProblems(ErrorCode.ValidationFailed, ErrorCode.RunNotFound, ErrorCode.RunAlreadyEnded)
  async cancel(
    @CurrentCaller() { owner }: Caller,
    @IdParam() id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ReportDto> {
    return await this.answers.show(response, await this.runs.cancel(owner, id, RunKind.Report), REPORT_WIRE);
  }

  @Delete(':id')
  @Needs(Scope.ReportsRun)
  @HttpCode(204)
  @ApiOperation({
    operationId: 'deleteReport',
    summary: 'Delete a report',
    description: 'Cancels it if needed. It is gone for callers at once; its rows and files follow within seconds.',
  })
  @ApiResponse({ status: 204 })
  @ApiProblems(ErrorCode.ValidationFailed, ErrorCode.RunNotFound)
  async remove(@CurrentCaller() { owner }: Caller, @IdParam() id: string): Promise<void> {
    await this.runs.purge(owner, id, RunKind.Report);
  }
}
