import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ErrorCode } from '../common/errors.js';
import { Scope, SCOPES } from '../common/scope.js';
import { Needs } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/api-problems.js';
import { CurrentCaller, type Caller } from '../platform/http/caller.js';
import { parseReportRequest } from '../reports/report-request.js';
import { ReportsService } from '../reports/reports.service.js';
import { DownloadsService } from '../results/downloads.service.js';
import { RunKind, RunStatus } from '../runs/run.js';
import { isTerminal } from '../runs/run-state.js';
import { RunsService } from '../runs/runs.service.js';
import { LoopReportIdDto, LoopStatusDto, LoopWelcomeDto } from './loop-backend.dto.js';
import { IdParam } from '../platform/http/id-param.js';

const REPORT = 'store-uptime';
const IN_PROGRESS = 'In progress...';

/** The routes of loop-backend: its clients go on as before. */
@ApiTags('compatibility: loop-backend')
@Controller()
export class LoopBackendController {
  constructor(
    private readonly reports: ReportsService,
    private readonly runs: RunsService,
    private readonly downloads: DownloadsService,
  ) {}

  @Get()
  @Needs(...SCOPES)
  @ApiOperation({ operationId: 'loopWelcome', summary: 'Welcome, and where to go' })
  @ApiResponse({ status: 200, type: LoopWelcomeDto })
  welcome(): LoopWelcomeDto {
    return {
      message: 'Welcome to Longhaul: reports and exports that outlive the request that asked for them.',
      endpoints: {
        trigger: '/trigger_reportgen',
        status: '/status/{report_id}',
        download: '/download/{report_id}',
        docs: '/api/v1/docs',
        health: '/health',
      },
    };
  }

  @Get('trigger_reportgen')
  @Needs(Scope.ReportsRun)
  @ApiOperation({ operationId: 'loopTrigger', summary: 'Run the report store-uptime' })
  @ApiResponse({ status: 200, type: LoopReportIdDto })
  @ApiProblems(ErrorCode.DatasetNotFound)
  async trigger(@CurrentCaller() caller: Caller): Promise<LoopReportIdDto> {
    const { run } = await this.reports.create(caller, parseReportRequest({ report_name: REPORT }), null);
    return { report_id: run.id };
  }

  @Get('status/:report_id')
  @Needs(Scope.ReportsRead, Scope.ReportsRun)
  @ApiOperation({ operationId: 'loopStatus', summary: 'Whether the report is in progress or completed' })
  @ApiResponse({ status: 200, type: LoopStatusDto })
  @ApiProblems(ErrorCode.ValidationFailed, ErrorCode.RunNotFound)
  async status(@CurrentCaller() { owner }: Caller, @IdParam('report_id') id: string): Promise<LoopStatusDto> {
    const run = await this.runs.get(owner, id, RunKind.Report);
    if (!isTerminal(run.status)) return { status: IN_PROGRESS };
    return { status: WORD[run.status] ?? run.status, ...(run.error && { detail: run.error.detail }) };
  }

  @Get('download/:report_id')
  @Needs(Scope.ReportsRead, Scope.ReportsRun)
  @ApiOperation({ operationId: 'loopDownload', summary: 'Redirect to the file' })
  @ApiResponse({ status: 302, description: 'To the file; with `Accept: application/json` the link is the answer.' })
  @ApiProblems(ErrorCode.ValidationFailed, ErrorCode.RunNotFound, ErrorCode.RunNotCompleted, ErrorCode.ResultExpired)
  async download(
    @CurrentCaller() { owner, requestId }: Caller,
    @IdParam('report_id') id: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<{ download_url: string } | { status: string } | undefined> {
    const run = await this.runs.get(owner, id, RunKind.Report);
    const download = await this.downloads.download(run, { waitSeconds: 0, requestId });
    response.setHeader('Cache-Control', 'no-store');
    if (!download.ready) {
      response.status(202).setHeader('Retry-After', '1');
      return { status: IN_PROGRESS };
    }
    const { url } = download.link;
    if (request.accepts(['application/octet-stream', 'application/json']) === 'application/json') {
      return { download_url: url };
    }
    response.redirect(302, url);
    return undefined;
  }
}

/** How loop-backend worded the end of a report; what it did not know keeps our word. */
const WORD: Readonly<Partial<Record<RunStatus, string>>> = {
  [RunStatus.Completed]: 'Completed',
  [RunStatus.Error]: 'Failed',
  [RunStatus.Cancelled]: 'Cancelled',
  [RunStatus.Expired]: 'Expired',
};
