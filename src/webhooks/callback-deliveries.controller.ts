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

/** Deliveries to the callback URLs that requests for runs named: they belong to no endpoint. */
@ApiTags('webhooks')
@Controller('webhook-deliveries')
export class CallbackDeliveriesController {
  constructor(private readonly deliveries: WebhookDeliveries) {}

  @Get()
  @Needs(Scope.ReportsRead, Scope.ReportsRun, Scope.ExportsRun, Scope.WebhooksWrite)
  @ApiOperation({ operationId: 'listCallbackDeliveries', summary: 'List deliveries to callback URLs, newest first' })
  @ApiResponse({ status: 200, type: DeliveryListDto })
  @ApiProblems(ErrorCode.ValidationFailed)
  async list(
    @CurrentCaller() { owner }: Caller,
    @Query() { status, limit, cursor }: ListDeliveriesQueryDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<DeliveryListDto> {
    const scope = { owner, endpointId: null };
    const { deliveries, nextCursor } = await this.deliveries.list(scope, { status, limit, cursor });
    if (nextCursor !== null) response.setHeader('Link', linkHeader(request, { next: { cursor: nextCursor } }));
    return { deliveries: deliveries.map(toDeliveryDto), next_cursor: nextCursor };
  }

  @Post(':delivery_id/replay')
  @Needs(Scope.ReportsRun, Scope.ExportsRun, Scope.WebhooksWrite)
  @HttpCode(202)
  @ApiOperation({ operationId: 'replayCallbackDelivery', summary: 'Send an event to a callback URL again' })
  @ApiResponse({ status: 202, type: DeliveryDto })
  @ApiProblems(ErrorCode.ValidationFailed, ErrorCode.DeliveryNotFound)
  async replay(@CurrentCaller() { owner }: Caller, @IdParam('delivery_id') deliveryId: string): Promise<DeliveryDto> {
    return toDeliveryDto(await this.deliveries.replay({ owner, endpointId: null }, deliveryId));
  }
}
