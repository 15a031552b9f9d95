import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Prisma } from '../platform/prisma/generated/client.js';
import { PrismaService } from '../platform/prisma/prisma.service.js';
import { seconds } from '../platform/prisma/sql-interval.js';
import { type DeliveryLogEntry, DeliveryStatus } from './webhook.js';

/** Older ones are dropped: a delivery may be replayed without end. */
const LOG_ENTRIES = 50;

const claimSchema = z.object({
  id: z.string(),
  endpointId: z.string().nullable(),
  eventId: z.string(),
  attempts: z.number(),
  failures: z.number(),
  url: z.string(),
  type: z.string(),
  data: z.record(z.string(), z.unknown()),
  createdAt: z.date(),
  secret: z.string().nullable(),
  previousSecret: z.string().nullable(),
});

/**
 * A delivery in the hand of one sender until its lease runs out. `createdAt` is that of the event; `failures` those before this
 * attempt; secrets are sealed, and null for a callback URL or outside of a rotation.
 */
export type DeliveryClaim = z.infer<typeof claimSchema>;

/** What an attempt has come to. */
export type DeliveryOutcome = { kind: 'delivered' } | { kind: 'retry'; afterSeconds: number } | { kind: 'failed' };

const STATUS_AFTER = {
  delivered: DeliveryStatus.Delivered,
  retry: DeliveryStatus.Pending,
  failed: DeliveryStatus.Failed,
} as const satisfies Record<DeliveryOutcome['kind'], DeliveryStatus>;

/**
 * Deliveries as senders take and note them, each by one conditional statement. All times are the database's. The attempt is the
 * fence: who has let the lease run out, so that another has taken the delivery, can note nothing any more.
 */
@Injectable()
export class DeliveryClaimsRepository {
  constructor(private readonly prisma: PrismaService) {}

  /**
   * Takes due deliveries of enabled endpoints and callback URLs, the longest due first, and of each receiver only as many as
   * keep it below `perReceiver` with those that other senders have in hand; two that claim in the same moment may go beyond by
   * what both took. Receivers are walked along the index, so that the backlog of one costs the others nothing.
   */
  async claim(options: { limit: number; perReceiver: number; leaseSeconds: number }): Promise<DeliveryClaim[]> {
    const { limit, perReceiver } = options;
    const lease = Prisma.sql`now() + ${seconds(options.leaseSeconds)}`;
    const rows = await this.prisma.$queryRaw`
      WITH RECURSIVE receivers AS (
        (SELECT receiver, endpoint_id FROM webhook_deliveries WHERE status = 'pending' ORDER BY receiver LIMIT 1)
        UNION ALL
        SELECT following.receiver, following.endpoint_id FROM receivers r CROSS JOIN LATERAL (
          SELECT receiver, endpoint_id FROM webhook_deliveries
          WHERE status = 'pending' AND receiver > r.receiver ORDER BY receiver LIMIT 1) following
      ), due AS (
        SELECT d.id, d.next_at, row_number() OVER (PARTITION BY r.receiver ORDER BY d.next_at) + (
          SELECT count(*) FROM webhook_deliveries busy WHERE busy.status = 'pending' AND busy.receiver = r.receiver
            AND busy.next_at > now() AND busy.next_at <= ${lease} AND busy.lease_until > now()) AS place
        FROM receivers r LEFT JOIN webhook_endpoints e ON e.id = r.endpoint_id CROSS JOIN LATERAL (
          SELECT id, next_at FROM webhook_deliveries
          WHERE status = 'pending' AND receiver = r.receiver AND next_at <= now()
          ORDER BY next_at LIMIT ${perReceiver} FOR UPDATE SKIP LOCKED) d
        WHERE r.endpoint_id IS NULL OR e.enabled
      ), chosen AS (
        SELECT id FROM due WHERE place <= ${perReceiver} ORDER BY next_at LIMIT ${limit}
      )
      UPDATE webhook_deliveries d
      SET attempts = d.attempts + 1, lease_until = ${lease}, next_at = ${lease}, url = coalesce(e.url, d.url)
      FROM chosen c JOIN webhook_deliveries o ON o.id = c.id JOIN outbox_events v ON v.id = o.event_id
        LEFT JOIN webhook_endpoints e ON e.id = o.endpoint_id
      WHERE d.id = c.id AND d.status = 'pending' AND d.next_at <= now()
      RETURNING d.id::text, d.endpoint_id::text AS "endpointId", d.event_id::text AS "eventId", d.attempts, d.failures,
        d.url, v.type, v.data, v.created_at AS "createdAt", e.secret,
        CASE WHEN e.previous_until > now() THEN e.previous_secret END AS "previousSecret"`;
    return z.array(claimSchema).parse(rows);
  }

  /** Notes how an attempt went. False if it is not the delivery's attempt any more. */
  async note(claim: DeliveryClaim, entry: DeliveryLogEntry, outcome: DeliveryOutcome): Promise<boolean> {
    const isOver = outcome.kind !== 'retry';
    const afterSeconds = outcome.kind === 'retry' ? outcome.afterSeconds : 0;
    const changed = await this.prisma.$executeRaw`
      UPDATE webhook_deliveries SET status = ${STATUS_AFTER[outcome.kind]}::delivery_status,
        failures = failures + ${outcome.kind === 'delivered' ? 0 : 1}::int,
        next_at = now() + ${seconds(afterSeconds)}, lease_until = NULL,
        finished_at = CASE WHEN ${isOver}::boolean THEN now() END,
        log = (CASE WHEN jsonb_array_length(log) >= ${LOG_ENTRIES}::int THEN log - 0 ELSE log END)
          || ${JSON.stringify([entry])}::jsonb
      WHERE ${this.inHand(claim)}`;
    return changed > 0;
  }

  /** Gives back what could not be sent because the process ends; it does not count as a failure. */
  async release(claim: DeliveryClaim): Promise<void> {
    await this.prisma.$executeRaw`
      UPDATE webhook_deliveries SET next_at = now(), lease_until = NULL WHERE ${this.inHand(claim)}`;
  }

  private inHand({ id, attempts }: DeliveryClaim): Prisma.Sql {
    return Prisma.sql`id = ${id}::uuid AND attempts = ${attempts} AND status = 'pending' AND lease_until IS NOT NULL`;
  }
}
