import { API_PATH } from '../common/api-path.js';
import type { DeliveryDto } from './dto/delivery.dto.js';
import type { SecretWebhookDto, WebhookDto } from './dto/webhook.dto.js';
import { type Delivery, DeliveryStatus, type WebhookEndpoint } from './webhook.js';
import type { SecretEndpoint } from './webhooks.service.js';

export const webhookPath = (id: string): string => `${API_PATH}/webhooks/${id}`;

export function toWebhookDto(endpoint: WebhookEndpoint): WebhookDto {
  const self = webhookPath(endpoint.id);
  return {
    endpoint_id: endpoint.id,
    url: endpoint.url,
    events: endpoint.events,
    description: endpoint.description,
    enabled: endpoint.enabled,
    disabled_reason: endpoint.disabledReason,
    previous_secret_until: endpoint.previousUntil?.toISOString() ?? null,
    created_at: endpoint.createdAt.toISOString(),
    links: { self, deliveries: `${self}/deliveries`, test: `${self}/test`, rotate: `${self}/rotate` },
  };
}

export function toSecretWebhookDto({ endpoint, secret }: SecretEndpoint): SecretWebhookDto {
  return { ...toWebhookDto(endpoint), secret };
}

export function toDeliveryDto(delivery: Delivery): DeliveryDto {
  return {
    delivery_id: delivery.id,
    endpoint_id: delivery.endpointId,
    event_id: delivery.eventId,
    type: delivery.type,
    url: delivery.url,
    status: delivery.status,
    attempts: delivery.attempts,
    next_attempt_at: delivery.status === DeliveryStatus.Pending ? delivery.nextAt.toISOString() : null,
    created_at: delivery.createdAt.toISOString(),
    finished_at: delivery.finishedAt?.toISOString() ?? null,
    log: delivery.log,
  };
}
