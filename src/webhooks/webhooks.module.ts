import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { OutboundModule } from '../platform/outbound/outbound.module.js';
import { CallbackDeliveriesController } from './callback-deliveries.controller.js';
import { DeliveryAttempt } from './delivery-attempt.js';
import { DeliveryClaimsRepository } from './delivery-claims.repository.js';
import { DeliveryLoop } from './delivery-loop.js';
import { DeliverySender } from './delivery-sender.js';
import { EndpointDeliveriesController } from './endpoint-deliveries.controller.js';
import { RetrySchedule } from './retry-schedule.js';
import { WebhookDeliveriesRepository } from './webhook-deliveries.repository.js';
import { WebhookDeliveries } from './webhook-deliveries.service.js';
import { WebhookEndpointsRepository } from './webhook-endpoints.repository.js';
import { WebhookSecrets } from './webhook-secrets.js';
import { WebhooksController } from './webhooks.controller.js';
import { WebhooksService } from './webhooks.service.js';
import { WebhooksSink } from './webhooks.sink.js';

/** What both kinds of process need. */
@Module({
  imports: [AuditModule],
  providers: [WebhookEndpointsRepository, WebhookDeliveriesRepository, WebhookSecrets],
  exports: [WebhookEndpointsRepository, WebhookDeliveriesRepository, WebhookSecrets],
})
class WebhookRowsModule {}

/** Endpoints and deliveries over HTTP. */
@Module({
  imports: [WebhookRowsModule],
  controllers: [WebhooksController, EndpointDeliveriesController, CallbackDeliveriesController],
  providers: [WebhooksService, WebhookDeliveries],
  exports: [WebhooksService, WebhookDeliveries],
})
export class WebhooksModule {}

/** Writing down who is to be told of an event, and telling them. */
@Module({
  imports: [WebhookRowsModule, OutboxModule, OutboundModule],
  providers: [
    DeliveryClaimsRepository,
    DeliveryAttempt,
    DeliverySender,
    DeliveryLoop,
    WebhooksSink,
    { provide: RetrySchedule, useFactory: () => new RetrySchedule() },
  ],
  exports: [DeliverySender, WebhooksSink],
})
export class WebhooksWorkerModule {}
