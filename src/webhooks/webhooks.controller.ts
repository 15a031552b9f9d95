import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ErrorCode } from '../common/errors.js';
import { Scope } from '../common/scope.js';
import { Needs } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/api-problems.js';
import { CurrentCaller, type Caller } from '../platform/http/caller.js';
import { IdParam } from '../platform/http/id-param.js';
import { linkHeader } from '../platform/http/links.js';
import { CursorDto } from '../platform/http/page.dto.js';
import {
  ChangeWebhookDto,
  CreateWebhookDto,
  RotateWebhookDto,
  SecretWebhookDto,
  WebhookDto,
  WebhookListDto,
} from './dto/webhook.dto.js';
import { ALL_EVENTS } from './webhook.js';
import { toSecretWebhookDto, toWebhookDto, webhookPath } from './webhooks.presenter.js';
import { WebhooksService } from './webhooks.service.js';

@ApiTags('webhooks')
@Needs(Scope.WebhooksWrite)
@Controller('webhooks')
export class WebhooksController {
  constructor(private readonly webhooks: WebhooksService) {}

  @Post()
  @ApiOperation({
    operationId: 'createWebhook',
    summary: 'Be told of events',
    description:
      'Events are posted to the URL as Standard Webhooks 1.0 has them. The answer has the secret that they are signed with; ' +
      'it is not shown again.',
  })
  @ApiResponse({ status: 201, type: SecretWebhookDto })
  @ApiProblems(ErrorCode.MalformedRequest, ErrorCode.ValidationFailed, ErrorCode.ServiceUnavailable)
  async create(
    @CurrentCaller() { owner }: Caller,
    @Body() { url, events, description, enabled }: CreateWebhookDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SecretWebhookDto> {
    const request = { url, events: events ?? [ALL_EVENTS], description: description ?? null, enabled: enabled ?? true };
    const created = await this.webhooks.create(owner, request);
    response.setHeader('Location', webhookPath(created.endpoint.id)).setHeader('Cache-Control', 'no-store');
    return toSecretWebhookDto(created);
  }

  @Get()
  @ApiOperation({ operationId: 'listWebhooks', summary: 'List webhook endpoints, newest first' })
  @ApiResponse({ status: 200, type: WebhookListDto })
  @ApiProblems(ErrorCode.ValidationFailed)
  async list(
    @CurrentCaller() { owner }: Caller,
    @Query() { limit, cursor }: CursorDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<WebhookListDto> {
    const { endpoints, nextCursor } = await this.webhooks.list(owner, { limit, cursor });
    if (nextCursor !== null) response.setHeader('Link', linkHeader(request, { next: { cursor: nextCursor } }));
    return { webhooks: endpoints.map(toWebhookDto), next_cursor: nextCursor };
  }

  @Get(':id')
  @ApiOperation({ operationId: 'getWebhook', summary: 'Show a webhook endpoint' })
  @ApiResponse({ status: 200, type: WebhookDto })
  @ApiProblems(ErrorCode.ValidationFailed, ErrorCode.WebhookNotFound)
  async get(@CurrentCaller() { owner }: Caller, @IdParam() id: string): Promise<WebhookDto> {
    return toWebhookDto(await this.webhooks.get(owner, id));
  }

  @Patch(':id')
  @ApiOperation({
    operationId: 'changeWebhook',
    summary: 'Change a webhook endpoint',
    description:
      'Fields that are left out stay. While it is disabled, it is told of nothing that happens; what was waiting for it goes ' +
      'on waiting. Enabling it forgets why it was disabled.',
  })
  @ApiResponse({ status: 200, type: WebhookDto })
  @ApiProblems(ErrorCode.MalformedRequest, ErrorCode.ValidationFailed, ErrorCode.WebhookNotFound)
  async change(
    @CurrentCaller() { owner }: Caller,
    @IdParam() id: string,
    @Body() { url, events, description, enabled }: ChangeWebhookDto,
  ): Promise<WebhookDto> {
    const change = {
      ...(url !== undefined && { url }),
      ...(events !== undefined && { events }),
      ...(description !== undefined && { description }),
      ...(enabled !== undefined && { enabled }),
    };
    return toWebhookDto(await this.webhooks.change(owner, id, change));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    operationId: 'deleteWebhook',
    summary: 'Delete a webhook endpoint',
    description: 'Its deliveries go with it; what was not delivered yet never will be.',
  })
  @ApiResponse({ status: 204 })
  @ApiProblems(ErrorCode.ValidationFailed, ErrorCode.WebhookNotFound)
  async remove(@CurrentCaller() { owner }: Caller, @IdParam() id: string): Promise<void> {
    await this.webhooks.remove(owner, id);
  }

  @Post(':id/rotate')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'rotateWebhookSecret',
    summary: 'Make a new secret',
    description:
      'For `overlap_seconds` the old secret signs too: the header then has two signatures, and either will do.',
  })
  @ApiResponse({ status: 200, type: SecretWebhookDto })
  @ApiProblems(
    ErrorCode.MalformedRequest,
    ErrorCode.ValidationFailed,
    ErrorCode.WebhookNotFound,
    ErrorCode.ServiceUnavailable,
  )
  async rotate(
    @CurrentCaller() { owner }: Caller,
    @IdParam() id: string,
    @Body() { overlap_seconds }: RotateWebhookDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SecretWebhookDto> {
    response.setHeader('Cache-Control', 'no-store');
    return toSecretWebhookDto(await this.webhooks.rotate(owner, id, overlap_seconds));
  }
}
