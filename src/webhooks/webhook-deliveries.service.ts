import { Injectable } from '@nestjs/common';
import { decodeCursor, encodeCursor } from '../common/pagination.js';
import { Broadcast } from '../platform/queue/broadcast.js';
import { DELIVERIES_CHANNEL } from './delivery-loop.js';
import type { Delivery, DeliveryScope, DeliveryStatus, WebhookEndpoint } from './webhook.js';
import { WebhookDeliveriesRepository } from './webhook-deliveries.repository.js';
import { DeliveryNotFound, WebhookDisabled } from './webhook-errors.js';
import { WebhooksService } from './webhooks.service.js';

export interface DeliveryPage {
  deliveries: Delivery[];
  nextCursor: string | null;
}

/** What became of the events that were to be told, and telling them again. Workers send. */
@Injectable()
export class WebhookDeliveries {
  constructor(
    private readonly webhooks: WebhooksService,
    private readonly deliveries: WebhookDeliveriesRepository,
    private readonly broadcast: Broadcast,
  ) {}

  /** Newest first. Throws `WebhookNotFound`, or `ValidationFailed` for a cursor that is none. */
  async list(
    scope: DeliveryScope,
    wanted: { status: DeliveryStatus | undefined; limit: number; cursor: string | undefined },
  ): Promise<DeliveryPage> {
    if (scope.endpointId !== null) await this.webhooks.get(scope.owner, scope.endpointId);
    const { status, limit, cursor } = wanted;
    const after = cursor === undefined ? null : decodeCursor(cursor);
    const found = await this.deliveries.list(scope, { status, limit: limit + 1, after });
    const deliveries = found.slice(0, limit);
    const last = deliveries.at(-1);
    return { deliveries, nextCursor: found.length > limit && last ? encodeCursor(last) : null };
  }

  /** Sends a `ping` to an endpoint, whatever its filter says. Throws `WebhookNotFound`, or `WebhookDisabled`. */
  async ping(owner: string, endpointId: string): Promise<Delivery> {
    const delivery = await this.deliveries.addPing(await this.enabled(owner, endpointId));
    await this.wake();
    return delivery;
  }

  /** Sends an event again, with the same `webhook-id`. Throws `WebhookNotFound`, `WebhookDisabled`, or `DeliveryNotFound`. */
  async replay(scope: DeliveryScope, id: string): Promise<Delivery> {
    if (scope.endpointId !== null) await this.enabled(scope.owner, scope.endpointId);
    const delivery = await this.deliveries.replay(scope, id);
    if (delivery === null) throw new DeliveryNotFound(id);
    await this.wake();
    return delivery;
  }

  private async enabled(owner: string, id: string): Promise<WebhookEndpoint> {
    const endpoint = await this.webhooks.get(owner, id);
    if (!endpoint.enabled) throw new WebhookDisabled(id);
    return endpoint;
  }

  private async wake(): Promise<void> {
    await this.broadcast.publish(DELIVERIES_CHANNEL, '');
  }
}
