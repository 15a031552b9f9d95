import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Prisma } from '../platform/prisma/generated/client.js';
import { PrismaService } from '../platform/prisma/prisma.service.js';
import { seconds } from '../platform/prisma/sql-interval.js';
import type { NewOutboxEvent, OutboxEvent } from './outbox-event.js';

/** A transaction of Prisma, as `$transaction` hands it to its callback. */
export type OutboxTransaction = Pick<PrismaService, '$executeRaw'>;

/** An event that a dispatcher has in hand until `leaseUntil`, which also stands for its claim. */
export interface ClaimedEvent {
  event: OutboxEvent;
  /** Names of the sinks that have it already. */
  taken: readonly string[];
  failures: number;
  leaseUntil: Date;
}

export interface ClaimLimits {
  /** Of streams whose names come after this one; empty: of all. */
  after: string;
  streams: number;
  eventsPerStream: number;
  leaseSeconds: number;
}

export interface Claim {
  /** The events of each stream in order of writing. */
  streams: ClaimedEvent[][];
  /** Name of the last stream; empty when no more are to be had after it. */
  last: string;
}

interface ClaimedRow extends Omit<OutboxEvent, 'data'> {
  lastStream: string;
  data: unknown;
  taken: unknown;
  failures: number;
  leaseUntil: Date;
}

const dataSchema = z.record(z.string(), z.unknown());
const takenSchema = z.array(z.string());

@Injectable()
export class OutboxRepository {
  constructor(private readonly prisma: PrismaService) {}

  async append(tx: OutboxTransaction, event: NewOutboxEvent): Promise<void> {
    const { id, owner, stream, type, data, callbackUrl } = event;
    await tx.$executeRaw(Prisma.sql`
      INSERT INTO outbox_events (id, owner, stream, type, data, callback_url)
      VALUES (${id}::uuid, ${owner}, ${stream}, ${type}, ${JSON.stringify(data)}::jsonb, ${callbackUrl})
      ON CONFLICT (id) DO NOTHING`);
  }

  /**
   * Takes whole streams, in order of their names: the first open event of one decides whether it is to be had, and is locked while
   * that is decided, so that no two dispatchers have events of one stream. Goes from stream to stream over an index: the length of a
   * backlog costs nothing, and what waits is passed by.
   */
  async claim({ after, streams, eventsPerStream, leaseSeconds }: ClaimLimits): Promise<Claim> {
    const rows = await this.prisma.$queryRaw<ClaimedRow[]>`
      WITH RECURSIVE first AS (
        (SELECT stream, sequence FROM outbox_events WHERE done_at IS NULL AND stream > ${after}
         ORDER BY stream, sequence LIMIT 1)
        UNION ALL
        SELECT next.* FROM first CROSS JOIN LATERAL (
          SELECT stream, sequence FROM outbox_events WHERE done_at IS NULL AND stream > first.stream
          ORDER BY stream, sequence LIMIT 1) AS next
      ), head AS MATERIALIZED (
        SELECT free.* FROM first CROSS JOIN LATERAL (
          SELECT stream, sequence FROM outbox_events WHERE sequence = first.sequence AND done_at IS NULL
            AND available_at <= now() AND (lease_until IS NULL OR lease_until <= now())
          FOR UPDATE SKIP LOCKED) AS free
        LIMIT ${streams}
      ), chosen AS (
        SELECT next.sequence FROM head CROSS JOIN LATERAL (
          SELECT sequence FROM outbox_events
          WHERE stream = head.stream AND done_at IS NULL AND sequence >= head.sequence
          ORDER BY sequence LIMIT ${eventsPerStream}) AS next
      )
      UPDATE outbox_events AS event SET lease_until = now() + ${seconds(leaseSeconds)}
      FROM chosen WHERE event.sequence = chosen.sequence
      RETURNING event.sequence, id::text, owner, stream, type, data, callback_url AS "callbackUrl",
        created_at AS "createdAt", taken, failures, lease_until AS "leaseUntil",
        (SELECT max(stream) FROM head) AS "lastStream"`;
    const events = rows.map(toClaimed).sort((a, b) => (a.event.sequence < b.event.sequence ? -1 : 1));
    const byStream = [...Map.groupBy(events, ({ event }) => event.stream).values()];
    return { streams: byStream, last: byStream.length < streams ? '' : (rows[0]?.lastStream ?? '') };
  }

  /** Whatever has become of the claim: they are told. */
  async finish(sequences: readonly bigint[]): Promise<void> {
    await this.prisma.$executeRaw`
      UPDATE outbox_events SET done_at = now(), lease_until = NULL
      WHERE sequence = ANY(${sequences}::bigint[]) AND done_at IS NULL`;
  }

  /** Gives events of one claim back; `failed` is the first of them when it could not be told, and waits before it is tried again. */
  async giveBack(
    events: readonly ClaimedEvent[],
    failed: { taken: readonly string[]; error: string; delaySeconds: number } | null,
  ): Promise<void> {
    const [first] = events;
    if (!first) return;
    const sequences = events.map(({ event }) => event.sequence);
    const isFailed = Prisma.sql`sequence = ${failed ? first.event.sequence : null}::bigint`;
    await this.prisma.$executeRaw`
      UPDATE outbox_events SET lease_until = NULL,
        failures = failures + CASE WHEN ${isFailed} THEN 1 ELSE 0 END,
        available_at = CASE WHEN ${isFailed} THEN now() + ${seconds(failed?.delaySeconds ?? 0)}
          ELSE available_at END,
        last_error = CASE WHEN ${isFailed} THEN ${failed?.error ?? null} ELSE last_error END,
        taken = CASE WHEN ${isFailed} THEN ${JSON.stringify(failed?.taken ?? [])}::jsonb ELSE taken END
      WHERE sequence = ANY(${sequences}::bigint[]) AND done_at IS NULL AND lease_until = ${first.leaseUntil}`;
  }

  /** Removes events that are older, told or not, with their deliveries. Says how many there were of each. */
  async removeOlder(ageSeconds: number, limit: number): Promise<{ removed: number; untold: number }> {
    const [row] = await this.prisma.$queryRaw<{ removed: number; untold: number }[]>`
      WITH gone AS (
        DELETE FROM outbox_events WHERE sequence IN (
          SELECT sequence FROM outbox_events WHERE created_at < now() - ${seconds(ageSeconds)}
          ORDER BY created_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)
        RETURNING done_at)
      SELECT count(*)::int AS removed, (count(*) FILTER (WHERE done_at IS NULL))::int AS untold FROM gone`;
    return row ?? { removed: 0, untold: 0 };
  }
}

function toClaimed({ data, taken, failures, leaseUntil, lastStream: _, ...event }: ClaimedRow): ClaimedEvent {
  return {
    event: { ...event, data: dataSchema.parse(data) },
    taken: takenSchema.parse(taken),
    failures,
    leaseUntil,
  };
}
