import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ErrorCode } from '../common/errors.js';
import { Scope } from '../common/scope.js';
import { Needs } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/api-problems.js';
import { CurrentCaller, type Caller } from '../platform/http/caller.js';
import { EVENT_STREAM } from '../platform/http/event-stream.js';
import { IdParam } from '../platform/http/id-param.js';
import { PageDto } from '../platform/http/page.dto.js';
import { DownloadsService } from '../results/downloads.service.js';
import { RunAnswers } from '../results/http/run-answers.js';
import { DownloadQueryDto } from '../results/http/run-queries.js';
import { DownloadDto } from '../results/http/run-wire.js';
import { requireResult } from '../results/result-access.js';
import { RunKind } from '../runs/run.js';
import { RunsService } from '../runs/runs.service.js';
import { ExportDto, ExportManifestDto, ExportRowsDto } from './dto/export.dto.js';
import { EXPORT_WIRE, toExportManifestDto } from './exports.presenter.js';

const NO_RESULT = [ErrorCode.RunNotFound, ErrorCode.RunNotCompleted, ErrorCode.ResultExpired] as const;

/** What an export has brought forth. */
@ApiTags('exports')
@Needs(Scope.ReportsRead, Scope.ExportsRun)
@Controller('exports/:id')
export class ExportResultsController {
  constructor(
    private readonly runs: RunsService,
    private readonly answers: RunAnswers,
    private readonly downloads: DownloadsService,
  ) {}

  @Get('rows')
  @ApiOperation({ operationId: 'getExportRows', summary: 'Page through the rows of a completed export' })
  @ApiResponse({ status: 200, type: ExportRowsDto })
  @ApiProblems(ErrorCode.ValidationFailed, ...NO_RESULT)
  async rows(
    @CurrentCaller() { owner }: Caller,
    @IdParam() id: string,
    @Query() page: PageDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ExportRowsDto> {
    const run = await this.runs.get(owner, id, RunKind.Export);
    return { export_id: run.id, ...(await this.answers.rows({ request, response }, run, page)) };
  }

  @Get('download')
  @ApiOperation({
    operationId: 'downloadExport',
    summary: 'Download the file of a completed export',
    description:
      'Redirects to a signed link that works for minutes; with `Accept: application/json` the link is the answer. ' +
      'A format that was not asked for at creation is rendered on first use: 202 until it is there, or `wait` for it.',
  })
  @ApiHeader({ name: 'Prefer', required: false, description: '`wait=N`: wait at most N seconds for a render.' })
  @ApiResponse({ status: 200, type: DownloadDto, description: 'With `Accept: application/json`.' })
  @ApiResponse({ status: 202, type: ExportDto, description: 'The file is being rendered; ask again.' })
  @ApiResponse({ status: 302, description: 'To the file.' })
  @ApiProblems(ErrorCode.ValidationFailed, ErrorCode.RenderFailed, ErrorCode.LimitReached, ...NO_RESULT)
  async download(
    @CurrentCaller() caller: Caller,
    @IdParam() id: string,
    @Query() query: DownloadQueryDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<DownloadDto | ExportDto | undefined> {
    const run = await this.runs.get(caller.owner, id, RunKind.Export);
    return await this.answers.download({ caller, request, response }, run, { query, wire: EXPORT_WIRE });
  }

  @Get('manifest')
  @ApiOperation({ operationId: 'getExportManifest', summary: 'The proof of a completed export' })
  @ApiResponse({ status: 200, type: ExportManifestDto })
  @ApiProblems(ErrorCode.ValidationFailed, ...NO_RESULT)
  async manifest(@CurrentCaller() { owner }: Caller, @IdParam() id: string): Promise<ExportManifestDto> {
    const run = await this.runs.get(owner, id, RunKind.Export);
    return toExportManifestDto(run, requireResult(run), await this.downloads.list(run));
  }

  @Get('events')
  @ApiOperation({
    operationId: 'followExport',
    summary: 'Follow an export by server-sent events',
    description: 'Events `status` and `progress`; ends with the terminal one. Resumable by `Last-Event-ID`.',
  })
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'Go on after this event.' })
  @ApiResponse({
    status: 200,
    description: 'The stream.',
    content: EVENT_STREAM,
  })
  @ApiProblems(ErrorCode.ValidationFailed, ErrorCode.RunNotFound)
  async events(
    @CurrentCaller() { owner }: Caller,
    @IdParam() id: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await this.answers.events({ request, response }, await this.runs.get(owner, id, RunKind.Export));
  }
}
