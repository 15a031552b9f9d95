import { Controller, Delete, Get, HttpCode, Post, Res, StreamableFile, UseFilters } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { ErrorCode } from '../common/errors.js';
import { Scope } from '../common/scope.js';
import { Config } from '../config/config.js';
import { ExportDrafts } from '../exports/drafts/export-drafts.service.js';
import { parseExportRequest } from '../exports/export-request.js';
import { ExportsService } from '../exports/exports.service.js';
import { Needs } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/api-problems.js';
import { CurrentCaller, type Caller } from '../platform/http/caller.js';
import { IdParam } from '../platform/http/id-param.js';
import { RunKind, RunStatus, type Run } from '../runs/run.js';
import { RunsService } from '../runs/runs.service.js';
import { ApiFetchtozipInvalid, FetchtozipProblemFilter } from './fetchtozip-problem.filter.js';
import { toExportBody } from './fetchtozip-request.js';
import { FetchCancelDto, FetchStartDto, FetchStatusDto } from './fetchtozip.dto.js';
import { TaskFiles } from './task-files.js';

/** The routes of FetchtoZip by which a task is started, followed, cancelled and downloaded. */
@ApiTags('compatibility: fetchtozip')
@UseFilters(FetchtozipProblemFilter)
@Controller('api/export')
export class FetchtozipTasksController {
  constructor(
    private readonly drafts: ExportDrafts,
    private readonly exports: ExportsService,
    private readonly runs: RunsService,
    private readonly files: TaskFiles,
    private readonly config: Config,
  ) {}

  @Post('start')
  @Needs(Scope.ExportsRun)
  @HttpCode(200)
  @ApiOperation({ operationId: 'fetchtozipStart', summary: 'Start a task with the columns and configuration so far' })
  @ApiResponse({ status: 200, type: FetchStartDto })
  @ApiFetchtozipInvalid()
  async start(@CurrentCaller() caller: Caller): Promise<FetchStartDto> {
    const body = toExportBody(await this.drafts.get(caller.owner), this.config.exports);
    const { run } = await this.exports.create(caller, parseExportRequest(body), null);
    return { message: 'Task started', task_id: run.id };
  }

  @Get('status/:task_id')
  @Needs(Scope.ReportsRead, Scope.ExportsRun)
  @ApiOperation({ operationId: 'fetchtozipStatus', summary: 'How far a task is' })
  @ApiResponse({ status: 200, type: FetchStatusDto })
  @ApiFetchtozipInvalid()
  @ApiProblems(ErrorCode.RunNotFound)
  async status(@CurrentCaller() { owner }: Caller, @IdParam('task_id') id: string): Promise<FetchStatusDto> {
    return toStatus(await this.runs.get(owner, id, RunKind.Export));
  }

  @Delete('cancel/:task_id')
  @Needs(Scope.ExportsRun)
  @ApiOperation({ operationId: 'fetchtozipCancel', summary: 'Cancel a task' })
  @ApiResponse({ status: 200, type: FetchCancelDto })
  @ApiFetchtozipInvalid()
  @ApiProblems(ErrorCode.RunNotFound, ErrorCode.RunAlreadyEnded)
  async cancel(@CurrentCaller() { owner }: Caller, @IdParam('task_id') id: string): Promise<FetchCancelDto> {
    const { status } = await this.runs.cancel(owner, id, RunKind.Export);
    return { message: `Task ${id} cancellation requested.`, status: WORD[status] };
  }

  @Get('download/:task_id')
  @Needs(Scope.ReportsRead, Scope.ExportsRun)
  @ApiOperation({ operationId: 'fetchtozipDownload', summary: 'Download the file of a completed task' })
  @ApiResponse({ status: 200, description: 'The file.', content: { 'application/octet-stream': {} } })
  @ApiFetchtozipInvalid()
  @ApiProblems(ErrorCode.RunNotFound, ErrorCode.RunNotCompleted, ErrorCode.ResultExpired)
  async download(
    @CurrentCaller() { owner, requestId }: Caller,
    @IdParam('task_id') id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<StreamableFile> {
    const run = await this.runs.get(owner, id, RunKind.Export);
    response.setHeader('Cache-Control', 'no-store');
    return await this.files.open(run, requestId);
  }
}

/** FetchtoZip's words; what it did not know keeps ours. */
const WORD: Readonly<Record<RunStatus, string>> = {
  [RunStatus.Queued]: 'in_progress',
  [RunStatus.Running]: 'in_progress',
  [RunStatus.Cancelling]: 'cancel_requested',
  [RunStatus.Cancelled]: 'cancelled',
  [RunStatus.Completed]: 'completed',
  [RunStatus.Error]: 'failed',
  [RunStatus.Expired]: 'expired',
};

function toStatus(run: Run): FetchStatusDto {
  const { progress, error } = run;
  return {
    task_id: run.id,
    status: WORD[run.status],
    progress: run.status === RunStatus.Completed ? 100 : (progress?.percent ?? null),
    ...(progress && { phase: progress.phase, rows: progress.rows, pages: progress.pages }),
    ...(error && { error: error.detail }),
  };
}
