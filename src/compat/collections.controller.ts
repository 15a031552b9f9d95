import { Body, Controller, Param, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiBody,
  ApiOperation,
  ApiParam,
  ApiResponse,
  ApiTags,
  getSchemaPath,
  IntersectionType,
} from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ErrorCode } from '../common/errors.js';
import { Scope } from '../common/scope.js';
import { Needs } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/api-problems.js';
import { CurrentCaller, type Caller } from '../platform/http/caller.js';
import { PageDto, WaitDto } from '../platform/http/page.dto.js';
import { COLLECTIONS } from '../reports/definition.js';
import { DefinitionNotFound, DefinitionsService } from '../reports/definitions.service.js';
import { ReportAnswers, type ReportAnswer } from '../reports/report-answers.js';
import { parseReportRequest } from '../reports/report-request.js';

const REPORT = { $ref: getSchemaPath('ReportDto') };

class CollectionQueryDto extends IntersectionType(PageDto, WaitDto) {}

/** Proposal 1 of the movies-reports design: a route per collection and report. */
@ApiTags('compatibility: movies-reports')
@Needs(Scope.ReportsRun)
@Controller()
export class CollectionsController {
  constructor(
    private readonly definitions: DefinitionsService,
    private readonly answers: ReportAnswers,
  ) {}

  @Post(COLLECTIONS.map((collection) => `${collection}/:report_name`))
  @ApiParam({ name: 'report_name', example: 'top-movies-per-rating' })
  @ApiOperation({
    summary: 'Run a report of a collection',
    description: 'As POST /api/v1/reports, the name in the path.',
  })
  @ApiBody({ required: false, schema: { type: 'object', additionalProperties: true, example: { limit: 5 } } })
  @ApiResponse({ status: 202, schema: REPORT })
  @ApiResponse({ status: 200, schema: REPORT, description: 'The run has ended; `rows` has the asked page.' })
  @ApiProblems(ErrorCode.MalformedRequest, ErrorCode.ValidationFailed, ErrorCode.DefinitionNotFound)
  async create(
    @CurrentCaller() caller: Caller,
    @Param('report_name') name: string,
    @Body() body: unknown,
    @Query() query: CollectionQueryDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ReportAnswer> {
    const definition = await this.definitions.get(caller.owner, name);
    if (definition.collection !== collectionOf(request)) throw new DefinitionNotFound(name);
    return await this.answers.create(
      { caller, request, response },
      parseReportRequest(body === undefined ? {} : body, name),
      query,
    );
  }
}

/** The last but one segment of the path. */
const collectionOf = (request: Request): string | undefined => request.path.split('/').at(-2);
