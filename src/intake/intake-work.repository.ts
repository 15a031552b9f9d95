import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { DOCUMENT_STORED, type NewOutboxEvent } from '../outbox/outbox-event.js';
import { OutboxWriter } from '../outbox/outbox-writer.js';
import { Prisma } from '../platform/prisma/generated/client.js';
import { PrismaService } from '../platform/prisma/prisma.service.js';
import { IntakeState, MessageType, type Reason } from './intake-message.js';
import type { GroupKey, Outcome, WaitingMessage } from './intake-work.js';

export interface Claim {
  leaseId: string;
  /** In their order. */
  messages: WaitingMessage[];
}

const CHANGED = 'Not all rows are under the lease any more.';
const typeSchema = z.enum(MessageType);
const seconds = (value: number): Prisma.Sql => Prisma.sql`${value} * interval '1 second'`;

/**
 * What waits in groups, and what becomes of it. Times are the database's. The rows of a claim are under one lease: when it has
 * run out, another claim can take them, and changes under the old one do nothing.
 */
@Injectable()
export class IntakeWorkRepository {
  constructor(
    private readonly prisma: PrismaService,
    private readonly outbox: OutboxWriter,
  ) {}

  /**
   * Takes the first messages of a group; null if there are none, or if the first one waits or is worked on. Only the first row is
   * locked: whoever has it has the group.
   */
  async claim({ owner, group }: GroupKey, options: { limit: number; leaseSeconds: number }): Promise<Claim | null> {
    const leaseId = uuidv7();
    const rows = await this.prisma.$queryRaw<(Omit<WaitingMessage, 'body'> & { body: Uint8Array; sequence: bigint })[]>`
      WITH first AS (
        SELECT id FROM intake_messages
        WHERE id = (SELECT id FROM intake_messages WHERE state = 'received' AND owner = ${owner} AND "group" = ${group}
                    ORDER BY sequence LIMIT 1)
          AND state = 'received' AND available_at <= now() AND (lease_until IS NULL OR lease_until < now())
        FOR UPDATE SKIP LOCKED
      ), batch AS (
        SELECT id FROM intake_messages
        WHERE state = 'received' AND owner = ${owner} AND "group" = ${group} AND EXISTS (SELECT FROM first)
        ORDER BY sequence LIMIT ${options.limit}
      )
      UPDATE intake_messages m SET lease_id = ${leaseId}::uuid, lease_until = now() + ${seconds(options.leaseSeconds)}
      FROM batch WHERE m.id = batch.id AND m.state = 'received'
      RETURNING m.id::text, m.owner, m.message_id AS "messageId", m.type, m."group", m.body, m.title, m.route, m.bucket, m.key,
        m.failures, m.sequence`;
    if (rows.length === 0) return null;
    const messages = rows
      .sort((a, b) => (a.sequence < b.sequence ? -1 : 1))
      .map(({ sequence: _, ...row }) => ({ ...row, type: typeSchema.parse(row.type), body: Buffer.from(row.body) }));
    return { leaseId, messages };
  }

  async renew(leaseId: string, leaseSeconds: number): Promise<void> {
    await this.prisma.$executeRaw`
      UPDATE intake_messages SET lease_until = now() + ${seconds(leaseSeconds)}
      WHERE lease_id = ${leaseId}::uuid AND state = 'received'`;
  }

  /** Writes what became of messages, and tells of the stored ones, all or nothing. False if the lease is another's. */
  async finish(leaseId: string, outcomes: readonly Outcome[]): Promise<boolean> {
    if (outcomes.length === 0) return true;
    try {
      await this.prisma.$transaction(async (tx) => {
        const changed = await tx.$executeRaw(finishStatement(leaseId, outcomes));
        if (changed !== outcomes.length) throw new RangeError(CHANGED);
        for (const outcome of outcomes) {
          if (outcome.state === IntakeState.Stored) await this.outbox.append(tx, eventOf(outcome.message));
        }
      });
    } catch (error) {
      if (error instanceof RangeError && error.message === CHANGED) return false;
      throw error;
    }
    await this.outbox.wake();
    return true;
  }

  /** The message, and with it its group, waits for so long; what it waits for is shown. */
  async postpone(leaseId: string, id: string, options: { reason: Reason; delayMs: number }): Promise<void> {
    await this.prisma.$executeRaw`
      UPDATE intake_messages SET failures = failures + 1, reason = ${JSON.stringify(options.reason)}::jsonb,
        available_at = now() + ${options.delayMs}::int * interval '1 millisecond'
      WHERE id = ${id}::uuid AND lease_id = ${leaseId}::uuid AND state = 'received'`;
  }

  async release(leaseId: string): Promise<void> {
    await this.prisma.$executeRaw`
      UPDATE intake_messages SET lease_id = NULL, lease_until = NULL
      WHERE lease_id = ${leaseId}::uuid AND state = 'received'`;
  }

  /** Groups whose first message can be worked on: one step of the index for each group, however many messages wait. */
  async dueGroups(limit: number): Promise<GroupKey[]> {
    return await this.prisma.$queryRaw<GroupKey[]>`
      WITH RECURSIVE heads AS (
        (SELECT owner, "group", available_at, lease_until FROM intake_messages WHERE state = 'received'
         ORDER BY owner, "group", sequence LIMIT 1)
        UNION ALL
        SELECT next.* FROM heads, LATERAL (
          SELECT owner, "group", available_at, lease_until FROM intake_messages
          WHERE state = 'received' AND (owner, "group") > (heads.owner, heads."group")
          ORDER BY owner, "group", sequence LIMIT 1) next
      )
      SELECT owner, "group" FROM heads
      WHERE available_at <= now() AND (lease_until IS NULL OR lease_until < now()) LIMIT ${limit}`;
  }
}

/** A rejected message gives its id free, so that it can be sent again. */
function finishStatement(leaseId: string, outcomes: readonly Outcome[]): Prisma.Sql {
  const values = outcomes.map(({ message, state, runId, reason }) => {
    const text = reason === null ? null : JSON.stringify(reason);
    return Prisma.sql`(${message.id}::uuid, ${state}::intake_state, ${runId}::uuid, ${text}::jsonb)`;
  });
  return Prisma.sql`
    UPDATE intake_messages m SET state = v.state, run_id = v.run_id, reason = v.reason, finished_at = now(),
      lease_id = NULL, lease_until = NULL,
      identity = CASE WHEN v.state = 'rejected' THEN 'bad:' || m.id::text ELSE m.identity END
    FROM (VALUES ${Prisma.join(values)}) AS v (id, state, run_id, reason)
    WHERE m.id = v.id AND m.lease_id = ${leaseId}::uuid AND m.state = 'received'`;
}

/** The event has the id of the message's row: it is one event, however often the message is finished. */
function eventOf({ id, owner, messageId, group, title, route, bucket, key }: WaitingMessage): NewOutboxEvent {
  const data = { id: messageId, title, bucket, file_name: key, route, group };
  return { id, owner, stream: `group:${group}`, type: DOCUMENT_STORED, data, callbackUrl: null };
}
