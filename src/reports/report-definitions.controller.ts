import { Body, Controller, Delete, Get, HttpCode, Param, ParseIntPipe, Post, Put, Res } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { ErrorCode } from '../common/errors.js';
import { Scope } from '../common/scope.js';
import { Needs } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/api-problems.js';
import { CurrentCaller, type Caller } from '../platform/http/caller.js';
import { definitionPath, toDefinitionDto } from './definitions.presenter.js';
import { DefinitionsService } from './definitions.service.js';
import { DefinitionDto, DefinitionListDto, ReplaceDefinitionDto, StoreDefinitionDto } from './dto/definition.dto.js';

const NameParam = () => ApiParam({ name: 'name', example: 'store-uptime' });

@ApiTags('report definitions')
@Controller('report-definitions')
export class ReportDefinitionsController {
  constructor(private readonly definitions: DefinitionsService) {}

  @Get()
  @Needs(Scope.ReportsRead, Scope.ReportsRun, Scope.DefinitionsWrite)
  @ApiOperation({ operationId: 'listReportDefinitions', summary: 'The catalogue of reports' })
  @ApiResponse({ status: 200, type: DefinitionListDto })
  @ApiProblems()
  async list(@CurrentCaller() { owner }: Caller): Promise<DefinitionListDto> {
    return { definitions: (await this.definitions.list(owner)).map(toDefinitionDto) };
  }

  @Get(':name')
  @Needs(Scope.ReportsRead, Scope.ReportsRun, Scope.DefinitionsWrite)
  @NameParam()
  @ApiOperation({ operationId: 'getReportDefinition', summary: 'Show a definition, its newest version' })
  @ApiResponse({ status: 200, type: DefinitionDto })
  @ApiProblems(ErrorCode.DefinitionNotFound)
  async get(@CurrentCaller() { owner }: Caller, @Param('name') name: string): Promise<DefinitionDto> {
    return toDefinitionDto(await this.definitions.get(owner, name));
  }

  @Get(':name/versions/:version')
  @Needs(Scope.ReportsRead, Scope.ReportsRun, Scope.DefinitionsWrite)
  @NameParam()
  @ApiOperation({ operationId: 'getReportDefinitionVersion', summary: 'Show one version of a definition' })
  @ApiResponse({ status: 200, type: DefinitionDto })
  @ApiProblems(ErrorCode.MalformedRequest, ErrorCode.DefinitionNotFound)
  async getVersion(
    @CurrentCaller() { owner }: Caller,
    @Param('name') name: string,
    @Param('version', ParseIntPipe) version: number,
  ): Promise<DefinitionDto> {
    return toDefinitionDto(await this.definitions.getVersion(owner, name, version));
  }

  @Post()
  @Needs(Scope.DefinitionsWrite)
  @ApiOperation({
    operationId: 'createReportDefinition',
    summary: 'Store a definition of your own',
    description: 'The SQL, one SELECT, is parsed and bound against the datasets before anything is stored.',
  })
  @ApiBody({ type: StoreDefinitionDto })
  @ApiResponse({ status: 201, type: DefinitionDto })
  @ApiProblems(ErrorCode.MalformedRequest, ErrorCode.DefinitionInvalid, ErrorCode.DefinitionExists)
  async create(
    @CurrentCaller() { owner }: Caller,
    @Body() body: unknown,
    @Res({ passthrough: true }) response: Response,
  ): Promise<DefinitionDto> {
    const definition = await this.definitions.create(owner, body);
    response.setHeader('Location', definitionPath(definition.name));
    return toDefinitionDto(definition);
  }

  @Put(':name')
  @Needs(Scope.DefinitionsWrite)
  @ApiParam({ name: 'name', example: 'active-stores' })
  @ApiOperation({ operationId: 'replaceReportDefinition', summary: 'Store the next version of a definition of yours' })
  @ApiBody({ type: ReplaceDefinitionDto })
  @ApiResponse({ status: 200, type: DefinitionDto })
  @ApiProblems(ErrorCode.MalformedRequest, ErrorCode.DefinitionInvalid, ErrorCode.DefinitionReadOnly)
  async replace(
    @CurrentCaller() { owner }: Caller,
    @Param('name') name: string,
    @Body() body: unknown,
  ): Promise<DefinitionDto> {
    return toDefinitionDto(await this.definitions.replace(owner, name, body));
  }

  @Delete(':name')
  @Needs(Scope.DefinitionsWrite)
  @HttpCode(204)
  @ApiParam({ name: 'name', example: 'active-stores' })
  @ApiOperation({ operationId: 'deleteReportDefinition', summary: 'Take a definition of yours out of the catalogue' })
  @ApiResponse({ status: 204 })
  @ApiProblems(ErrorCode.DefinitionNotFound, ErrorCode.DefinitionReadOnly)
  async remove(@CurrentCaller() { owner }: Caller, @Param('name') name: string): Promise<void> {
    await this.definitions.remove(owner, name);
  }
}
