import { Controller, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ErrorCode } from '../common/errors.js';
import { Scope } from '../common/scope.js';
import { Needs } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/api-problems.js';
import { CurrentCaller, type Caller } from '../platform/http/caller.js';
import { IdParam } from '../platform/http/id-param.js';
import { linkHeader } from '../platform/http/links.js';
import { DeliveryDto, DeliveryListDto, ListDeliveriesQueryDto } from './dto/delivery.dto.js';
import { WebhookDeliveries } from './webhook-deliveries.service.js';
import { toDeliveryDto } from './webhooks.presenter.js';

@ApiTags('webhooks')
@Needs(Scope.WebhooksWrite)
@Controller('webhooks/:id')
export class EndpointDeliveriesController {
  constructor(private readonly deliveries: WebhookDeliveries) {}

  @Post('test')
  @HttpCode(202)
  @ApiOperation({
    operationId: 'testWebhook',
    summary: 'Send a ping',
    description:
      'A worker sends an event of type `ping` now, whatever the filter says, and once only: the deliveries show how it went.',
  })
  @ApiResponse({ status: 202, type: DeliveryDto })
  @ApiProblems(ErrorCode.ValidationFailed, ErrorCode.WebhookNotFound, ErrorCode.WebhookDisabled)
  async test(@CurrentCaller() { owner }: Caller, @IdParam() id: string): Promise<DeliveryDto> {
    return toDeliveryDto(await this.deliveries.ping(owner, id));
  }

  @Get('deliveries')
  @ApiOperation({ operationId: 'listWebhookDeliveries', summary: 'List deliveries of an endpoint, newest first' })
  @ApiResponse({ status: 200, type: DeliveryListDto })
  @ApiProblems(ErrorCode.ValidationFailed, ErrorCode.WebhookNotFound)
  async list(
    @CurrentCaller() { owner }: Caller,
    @IdParam() id: string,
    @Query() { status, limit, cursor }: ListDeliveriesQueryDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<DeliveryListDto> {
    const scope = { owner, endpointId: id };
    const { deliveries, nextCursor } = await this.deliveries.list(scope, { status, limit, cursor });
    if (nextCursor !== null) response.setHeader('Link', linkHeader(request, { next: { cursor: nextCursor } }));
    return { deliveries: deliveries.map(toDeliveryDto), next_cursor: nextCursor };
  }

  @Post('deliveries/:delivery_id/replay')
  @HttpCode(202)
  @ApiOperation({
    operationId: 'replayWebhookDelivery',
    summary: 'Send an event again',
    description:
      'With the same `webhook-id`, also when it was delivered; from the first step of the retry schedule on.',
  })
  @ApiResponse({ status: 202, type: DeliveryDto })
  @ApiProblems(
    ErrorCode.ValidationFailed,
    ErrorCode.WebhookNotFound,
    ErrorCode.DeliveryNotFound,
    ErrorCode.WebhookDisabled,
  )
  async replay(
    @CurrentCaller() { owner }: Caller,
    @IdParam() id: string,
    @IdParam('delivery_id') deliveryId: string,
  ): Promise<DeliveryDto> {
    return toDeliveryDto(await this.deliveries.replay({ owner, endpointId: id }, deliveryId));
  }
}
