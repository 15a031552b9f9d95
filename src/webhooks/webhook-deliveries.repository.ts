import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import type { CursorPosition } from '../common/pagination.js';
import type { OutboxEvent } from '../outbox/outbox-event.js';
import { PrismaService } from '../platform/prisma/prisma.service.js';
import {
  filtersOf,
  PING,
  type Delivery,
  type DeliveryScope,
  type DeliveryStatus,
  type WebhookEndpoint,
} from './webhook.js';
import { deliveryColumns, toDelivery } from './webhook-deliveries.mapper.js';

/** Who is to be told of what, and what became of it. Sending is the business of `DeliveryClaimsRepository`. */
@Injectable()
export class WebhookDeliveriesRepository {
  constructor(private readonly prisma: PrismaService) {}

  /** A delivery for each enabled endpoint that wants the event, and one for its callback URL; those that are there stay. */
  async add({ id, owner, type, callbackUrl }: OutboxEvent): Promise<number> {
    const origin = callbackUrl !== null && URL.canParse(callbackUrl) ? new URL(callbackUrl).origin : callbackUrl;
    return await this.prisma.$executeRaw`
      INSERT INTO webhook_deliveries (id, event_id, endpoint_id, owner, receiver, url)
      SELECT gen_random_uuid(), ${id}::uuid, id, owner, id::text, url FROM webhook_endpoints
      WHERE owner = ${owner} AND enabled AND events ?| ${filtersOf(type)}::text[]
      UNION ALL
      SELECT gen_random_uuid(), ${id}::uuid, NULL, ${owner}, ${origin}::text, ${callbackUrl}::text
      WHERE ${callbackUrl}::text IS NOT NULL
      ON CONFLICT (event_id, receiver) DO NOTHING`;
  }

  /** An event of its own for one endpoint, which no outbox needs to tell any more. */
  async addPing({ id: endpointId, owner, url }: WebhookEndpoint): Promise<Delivery> {
    const data = { endpoint_id: endpointId };
    const row = await this.prisma.webhookDelivery.create({
      data: {
        ...{ id: uuidv7(), owner, receiver: endpointId, url },
        endpoint: { connect: { id: endpointId } },
        event: {
          create: { id: uuidv7(), owner, stream: `webhook:${endpointId}`, type: PING, data, doneAt: new Date() },
        },
      },
      select: deliveryColumns,
    });
    return toDelivery(row);
  }

  /** Newest first, those created before the position; `limit` of them. */
  async list(
    scope: DeliveryScope,
    wanted: { status: DeliveryStatus | undefined; limit: number; after: CursorPosition | null },
  ): Promise<Delivery[]> {
    const { status, limit, after } = wanted;
    const rows = await this.prisma.webhookDelivery.findMany({
      where: {
        ...scope,
        ...(status !== undefined && { status }),
        ...(after && {
          OR: [{ createdAt: { lt: after.createdAt } }, { createdAt: after.createdAt, id: { lt: after.id } }],
        }),
      },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit,
      select: deliveryColumns,
    });
    return rows.map(toDelivery);
  }

  /** Due at once, from the first step of the retry schedule on, unless it is being sent right now. Null if there is none of the id. */
  async replay({ owner, endpointId }: DeliveryScope, id: string): Promise<Delivery | null> {
    await this.prisma.$executeRaw`
      UPDATE webhook_deliveries
      SET status = 'pending', failures = 0, next_at = now(), lease_until = NULL, finished_at = NULL
      WHERE id = ${id}::uuid AND owner = ${owner} AND endpoint_id IS NOT DISTINCT FROM ${endpointId}::uuid
        AND NOT (status = 'pending' AND coalesce(lease_until > now(), false))`;
    const row = await this.prisma.webhookDelivery.findFirst({
      where: { id, owner, endpointId },
      select: deliveryColumns,
    });
    return row && toDelivery(row);
  }
}
