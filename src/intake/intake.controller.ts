import { Body, Controller, Get, HttpCode, Param, Post, Put, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ErrorCode, ValidationFailed } from '../common/errors.js';
import { decodeCursor, encodeCursor } from '../common/pagination.js';
import { Scope } from '../common/scope.js';
import { Needs } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/api-problems.js';
import { CurrentCaller, type Caller } from '../platform/http/caller.js';
import { linkHeader } from '../platform/http/links.js';
import { rawBodyOf } from '../platform/http/raw-body.js';
import { parseBody } from '../platform/http/schema-issues.js';
import {
  IntakeMessageDto,
  IntakeMessageListDto,
  IntakeOutputListDto,
  IntakeReceiptsDto,
  IntakeRoutesDto,
  ListMessagesQueryDto,
  ListOutputsQueryDto,
} from './dto/intake.dto.js';
import { MESSAGE_EXAMPLES } from './intake-examples.js';
import { toMessageDto, toReceiptDto } from './intake.presenter.js';
import { IntakeService } from './intake.service.js';
import { jsonItems } from './json-items.js';
import { routingSchema } from './routing.js';

const MAX_MESSAGES = 1000;

@ApiTags('intake')
@Needs(Scope.IntakeWrite)
@Controller('intake')
export class IntakeController {
  constructor(private readonly intake: IntakeService) {}

  @Post('messages')
  @HttpCode(202)
  @ApiOperation({
    operationId: 'sendMessages',
    summary: 'Send a message, or an array of up to 1,000',
    description:
      'The same door as the input queue. A document is stored, byte by byte as it came, in the bucket that the routes name; a message ' +
      'of type `report` or `export` starts a run. A message that cannot be used is answered as `rejected` with its reason.',
  })
  @ApiBody({
    // Any JSON: what is no message is not refused but answered as `rejected`, so that the others of an array still go in.
    schema: { anyOf: [{ type: 'array', minItems: 1, maxItems: MAX_MESSAGES }, { not: { type: 'array' } }] },
    examples: MESSAGE_EXAMPLES,
  })
  @ApiResponse({ status: 202, type: IntakeReceiptsDto })
  @ApiProblems(ErrorCode.MalformedRequest, ErrorCode.ValidationFailed, ErrorCode.PayloadTooLarge)
  async send(@CurrentCaller() { owner }: Caller, @Req() request: Request): Promise<IntakeReceiptsDto> {
    const bodies = jsonItems(rawBodyOf(request));
    if (bodies.length === 0 || bodies.length > MAX_MESSAGES) {
      throw ValidationFailed.at('', `must be a message, or an array of 1 to ${String(MAX_MESSAGES)} messages`);
    }
    return { messages: (await this.intake.receive(owner, bodies)).map(toReceiptDto) };
  }

  @Get('messages')
  @ApiOperation({ operationId: 'listMessages', summary: 'List messages, newest first' })
  @ApiResponse({ status: 200, type: IntakeMessageListDto })
  @ApiProblems(ErrorCode.ValidationFailed)
  async list(
    @CurrentCaller() { owner }: Caller,
    @Query() { state, cursor, limit }: ListMessagesQueryDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<IntakeMessageListDto> {
    const after = cursor === undefined ? undefined : decodeCursor(cursor);
    // One more than asked tells whether the list goes on.
    const found = await this.intake.list(owner, { state, after, limit: limit + 1 });
    const shown = found.slice(0, limit);
    const last = found.length > limit ? shown.at(-1) : undefined;
    const next = last === undefined ? null : encodeCursor(last);
    if (next !== null) response.setHeader('Link', linkHeader(request, { next: { cursor: next } }));
    return { messages: shown.map(toMessageDto), next_cursor: next };
  }

  @Get('messages/:id')
  @ApiParam({ name: 'id', description: "The sender's id.", example: '12345' })
  @ApiOperation({ operationId: 'getMessage', summary: 'Show what became of a message' })
  @ApiResponse({ status: 200, type: IntakeMessageDto })
  @ApiProblems(ErrorCode.NotFound)
  async get(@CurrentCaller() { owner }: Caller, @Param('id') id: string): Promise<IntakeMessageDto> {
    return toMessageDto(await this.intake.get(owner, id));
  }

  @Get('routes')
  @ApiOperation({ operationId: 'getRoutes', summary: 'Show which bucket documents go to' })
  @ApiResponse({ status: 200, type: IntakeRoutesDto })
  @ApiProblems()
  async routes(@CurrentCaller() { owner }: Caller): Promise<IntakeRoutesDto> {
    return await this.intake.routing(owner);
  }

  @Put('routes')
  @ApiOperation({
    operationId: 'putRoutes',
    summary: 'Set which bucket documents go to',
    description: 'Holds for messages that come from now on. With S3 the buckets must exist.',
  })
  @ApiBody({ type: IntakeRoutesDto })
  @ApiResponse({ status: 200, type: IntakeRoutesDto })
  @ApiProblems(ErrorCode.MalformedRequest, ErrorCode.ValidationFailed)
  async putRoutes(@CurrentCaller() { owner }: Caller, @Body() body: unknown): Promise<IntakeRoutesDto> {
    const routing = parseBody(routingSchema, body);
    await this.intake.route(owner, routing);
    return routing;
  }

  @Get('outputs')
  @ApiOperation({
    operationId: 'listOutputs',
    summary: 'Read the output messages, oldest first',
    description: 'What is sent for stored documents, where no output queue is configured.',
  })
  @ApiResponse({ status: 200, type: IntakeOutputListDto })
  @ApiProblems(ErrorCode.ValidationFailed)
  async outputs(
    @CurrentCaller() { owner }: Caller,
    @Query() { cursor, limit }: ListOutputsQueryDto,
  ): Promise<IntakeOutputListDto> {
    const outputs = await this.intake.listOutputs(owner, { after: BigInt(cursor ?? 0), limit });
    return {
      outputs: outputs.map(({ body }) => body),
      next_cursor: outputs.at(-1)?.sequence.toString() ?? cursor ?? null,
    };
  }
}
