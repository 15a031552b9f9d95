import { Body, Controller, Delete, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ErrorCode } from '../common/errors.js';
import { Scope } from '../common/scope.js';
import { Needs } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/api-problems.js';
import { CurrentCaller, type Caller } from '../platform/http/caller.js';
import { IdParam } from '../platform/http/id-param.js';
import { RunAnswers, type RunAnswer } from '../results/http/run-answers.js';
import { CreateRunQueryDto } from '../results/http/run-queries.js';
import { RunKind } from '../runs/run.js';
import { RunsService } from '../runs/runs.service.js';
import { ListExportsQueryDto } from './dto/export-queries.dto.js';
import { ExportDto, ExportListDto } from './dto/export.dto.js';
import { parseExportRequest } from './export-request.js';
import { EXPORT_WIRE, toExportDto } from './exports.presenter.js';
import { ExportsService } from './exports.service.js';

const WAIT_HEADER = {
  name: 'Prefer',
  required: false,
  description: '`wait=N`: hold the answer back until the export has ended, at most N seconds (RFC 7240).',
};

@ApiTags('exports')
@Controller('exports')
export class ExportsController {
  constructor(
    private readonly runs: RunsService,
    private readonly exports: ExportsService,
    private readonly answers: RunAnswers,
  ) {}

  @Post()
  @Needs(Scope.ExportsRun)
  @ApiOperation({
    operationId: 'createExport',
    summary: 'Export a source to a file',
    description:
      'Takes rows from a source, shapes them, and makes a file of them. Answers at once with the id of the run (202); with ' +
      '`wait` it answers 200 with the first rows if the export ends in time.',
  })
  @ApiHeader(WAIT_HEADER)
  @ApiHeader({ name: 'Idempotency-Key', required: false, description: 'Makes a repeated request safe, for 24 h.' })
  @ApiBody({ schema: { type: 'object' }, description: 'Its schema is added by exports.openapi.ts.' })
  @ApiResponse({ status: 202, type: ExportDto, description: 'The run is queued.' })
  @ApiResponse({ status: 200, type: ExportDto, description: 'The run has ended; `rows` has the asked page.' })
  @ApiProblems(
    ErrorCode.MalformedRequest,
    ErrorCode.ValidationFailed,
    ErrorCode.RunNotCompleted,
    ErrorCode.IdempotencyKeyReused,
  )
  async create(
    @CurrentCaller() caller: Caller,
    @Body() body: unknown,
    @Query() query: CreateRunQueryDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<RunAnswer<ExportDto>> {
    return await this.answers.create({ request, response }, query, {
      wire: EXPORT_WIRE,
      create: async (key) => await this.exports.create(caller, parseExportRequest(body), key),
    });
  }

  @Get()
  @Needs(Scope.ReportsRead, Scope.ExportsRun)
  @ApiOperation({ operationId: 'listExports', summary: 'List exports, newest first' })
  @ApiResponse({ status: 200, type: ExportListDto })
  @ApiProblems(ErrorCode.ValidationFailed)
  async list(
    @CurrentCaller() { owner }: Caller,
    @Query() query: ListExportsQueryDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ExportListDto> {
    const { name, source } = query;
    const wanted = {
      ...{ owner, kind: RunKind.Export, name },
      parameter: source && { path: ['source', 'type'], equals: source },
    };
    const { shown, cursor } = await this.answers.list({ request, response }, query, wanted);
    return { exports: shown.map((run) => toExportDto(run)), next_cursor: cursor };
  }

  @Get(':id')
  @Needs(Scope.ReportsRead, Scope.ExportsRun)
  @ApiOperation({
    operationId: 'getExport',
    summary: 'Show an export',
    description: 'Always 200, also when it failed: `error` says why.',
  })
  @ApiResponse({ status: 200, type: ExportDto })
  @ApiProblems(ErrorCode.ValidationFailed, ErrorCode.RunNotFound)
  async get(
    @CurrentCaller() { owner }: Caller,
    @IdParam() id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ExportDto> {
    return await this.answers.show(response, await this.runs.get(owner, id, RunKind.Export), EXPORT_WIRE);
  }

  @Post(':id/cancel')
  @Needs(Scope.ExportsRun)
  @HttpCode(202)
  @ApiOperation({
    operationId: 'cancelExport',
    summary: 'Cancel an export',
    description: 'The status is `cancelling` until the work has really stopped, then `cancelled`. May be repeated.',
  })
  @ApiResponse({ status: 202, type: ExportDto })
  @ApiProblems(ErrorCode.ValidationFailed, ErrorCode.RunNotFound, ErrorCode.RunAlreadyEnded)
  async cancel(
    @CurrentCaller() { owner }: Caller,
    @IdParam() id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ExportDto> {
    return await this.answers.show(response, await this.runs.cancel(owner, id, RunKind.Export), EXPORT_WIRE);
  }

  @Delete(':id')
  @Needs(Scope.ExportsRun)
  @HttpCode(204)
  @ApiOperation({
    operationId: 'deleteExport',
    summary: 'Delete an export',
    description: 'Cancels it if needed. It is gone for callers at once; its rows and files follow within seconds.',
  })
  @ApiResponse({ status: 204 })
  @ApiProblems(ErrorCode.ValidationFailed, ErrorCode.RunNotFound)
  async remove(@CurrentCaller() { owner }: Caller, @IdParam() id: string): Promise<void> {
    await this.runs.purge(owner, id, RunKind.Export);
  }
}
