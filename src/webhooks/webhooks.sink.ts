import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type OutboxEvent, OutboxSink } from '../outbox/outbox-event.js';
import { OutboxSinks } from '../outbox/outbox-sinks.js';
import { Broadcast } from '../platform/queue/broadcast.js';
import { DELIVERIES_CHANNEL } from './delivery-loop.js';
import { WebhookDeliveriesRepository } from './webhook-deliveries.repository.js';

/** Writes down who has to be told of an event. */
@Injectable()
export class WebhooksSink extends OutboxSink implements OnModuleInit {
  readonly name = 'webhooks';

  constructor(
    private readonly deliveries: WebhookDeliveriesRepository,
    private readonly sinks: OutboxSinks,
    private readonly broadcast: Broadcast,
  ) {
    super();
  }

  onModuleInit(): void {
    this.sinks.register(this);
  }

  async take(event: OutboxEvent): Promise<void> {
    const added = await this.deliveries.add(event);
    if (added > 0) await this.broadcast.publish(DELIVERIES_CHANNEL, '');
  }
}
