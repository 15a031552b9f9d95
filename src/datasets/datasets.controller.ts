import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ErrorCode } from '../common/errors.js';
import { Scope } from '../common/scope.js';
import { Needs } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/api-problems.js';
import { CurrentCaller, type Caller } from '../platform/http/caller.js';
import { linkHeader } from '../platform/http/links.js';
import { CursorDto } from '../platform/http/page.dto.js';
import { DatasetNamePipe } from './dataset-name.pipe.js';
import { pathOf, toDatasetDto, toSummaryDto } from './datasets.presenter.js';
import { DatasetsService } from './datasets.service.js';
import { CreateDatasetDto } from './dto/create-dataset.dto.js';
import { DatasetDto, DatasetListDto } from './dto/dataset.dto.js';
import { toImportOptions, UploadQueryDto } from './dto/upload-query.dto.js';
import { abortOnDisconnect, drain, readUpload } from './import/upload-source.js';

const NAME = { name: 'name', example: 'timezones' };
const BINARY = { type: 'string', format: 'binary' } as const;

@ApiTags('datasets')
@Controller('datasets')
export class DatasetsController {
  constructor(private readonly datasets: DatasetsService) {}

  @Get()
  @Needs(Scope.ReportsRead, Scope.ReportsRun, Scope.ExportsRun, Scope.DatasetsWrite)
  @ApiOperation({ operationId: 'listDatasets', summary: 'List datasets, newest first' })
  @ApiResponse({ status: 200, type: DatasetListDto })
  @ApiProblems(ErrorCode.ValidationFailed)
  async list(
    @CurrentCaller() { owner }: Caller,
    @Query() { limit, cursor }: CursorDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<DatasetListDto> {
    const { datasets, nextCursor } = await this.datasets.list(owner, { limit, cursor });
    if (nextCursor !== null) response.setHeader('Link', linkHeader(request, { next: { cursor: nextCursor } }));
    return { datasets: datasets.map(toSummaryDto), next_cursor: nextCursor };
  }

  @Post()
  @Needs(Scope.DatasetsWrite)
  @ApiOperation({
    operationId: 'createDataset',
    summary: 'Create a dataset without content',
    description: 'Not needed before an upload, which creates the dataset too; gives it a description.',
  })
  @ApiResponse({ status: 201, type: DatasetDto })
  @ApiProblems(ErrorCode.MalformedRequest, ErrorCode.ValidationFailed, ErrorCode.DatasetExists)
  async create(
    @CurrentCaller() { owner }: Caller,
    @Body() { name, description }: CreateDatasetDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<DatasetDto> {
    const dataset = await this.datasets.create(owner, name, description ?? null);
    response.setHeader('Location', pathOf(name));
    return toDatasetDto(dataset);
  }

  @Get(':name')
  @Needs(Scope.ReportsRead, Scope.ReportsRun, Scope.ExportsRun, Scope.DatasetsWrite)
  @ApiParam(NAME)
  @ApiOperation({ operationId: 'getDataset', summary: 'Show a dataset, its columns and its versions' })
  @ApiResponse({ status: 200, type: DatasetDto })
  @ApiProblems(ErrorCode.DatasetNotFound)
  async get(@CurrentCaller() { owner }: Caller, @Param('name') name: string): Promise<DatasetDto> {
    return toDatasetDto(await this.datasets.get(owner, name));
  }

  @Delete(':name')
  @Needs(Scope.DatasetsWrite)
  @HttpCode(204)
  @ApiParam(NAME)
  @ApiOperation({
    operationId: 'deleteDataset',
    summary: 'Delete a dataset with all its versions',
    description: 'Runs that are queued and need it will fail; results that exist stay.',
  })
  @ApiResponse({ status: 204 })
  @ApiProblems(ErrorCode.DatasetNotFound)
  async remove(@CurrentCaller() { owner }: Caller, @Param('name') name: string): Promise<void> {
    await this.datasets.delete(owner, name);
  }

  @Put(':name/content')
  @Needs(Scope.DatasetsWrite)
  @ApiParam(NAME)
  @ApiOperation({
    operationId: 'uploadDataset',
    summary: 'Upload a file as the newest version',
    description:
      'CSV, NDJSON, a JSON array or Parquet, plain or gzip, as the body or as the first file of a form. Column types are ' +
      'found by reading the whole file: a column is a number only if no value would change. MongoDB Extended JSON is ' +
      'unwrapped. The earlier versions stay; if anything is wrong, nothing changes.',
  })
  @ApiConsumes(
    'text/csv',
    'application/x-ndjson',
    'application/json',
    'application/vnd.apache.parquet',
    'multipart/form-data',
  )
  @ApiBody({
    schema: { oneOf: [{ ...BINARY }, { type: 'object', properties: { file: BINARY } }] },
    examples: { csv: { value: 'store_id,timezone_str\n8139926242460185114,Asia/Beirut\n' } },
  })
  @ApiResponse({ status: 200, type: DatasetDto, description: 'The dataset has a new version.' })
  @ApiResponse({ status: 201, type: DatasetDto, description: 'The dataset was created.' })
  @ApiProblems(
    ErrorCode.MalformedRequest,
    ErrorCode.UploadIncomplete,
    ErrorCode.PayloadTooLarge,
    ErrorCode.ValidationFailed,
    ErrorCode.DatasetInvalid,
    ErrorCode.LimitReached,
    ErrorCode.ServiceUnavailable,
    ErrorCode.StorageUnavailable,
  )
  async upload(
    @CurrentCaller() { owner }: Caller,
    @Param('name', DatasetNamePipe) name: string,
    @Query() query: UploadQueryDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<DatasetDto> {
    const signal = abortOnDisconnect(response);
    try {
      const upload = await readUpload(request, signal);
      const { format } = query;
      const imported = { upload, format, options: toImportOptions(query), signal };
      const { dataset, created } = await this.datasets.publish(owner, name, imported);
      response.status(created ? 201 : 200).setHeader('Location', pathOf(name));
      return toDatasetDto(dataset);
    } finally {
      drain(request);
    }
  }
}
