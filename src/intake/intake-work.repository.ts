import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { DOCUMENT_STORED } from '../outbox/outbox-event.js';
import { OutboxWriter } from '../outbox/outbox-writer.js';
import { Prisma } from '../platform/prisma/generated/client.js';
import { PrismaService } from '../platform/prisma/prisma.service.js';
import { seconds } from '../platform/prisma/sql-interval.js';
import { MessageType, type Reason } from './intake-message.js';
import type { GroupKey, Outcome, WaitingMessage } from './intake-work.js';

export interface Claim {
  leaseId: string;
  /** In their order. */
  messages: WaitingMessage[];
}

const typeSchema = z.enum(MessageType);

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

  /** Writes what became of messages and tells of the stored ones, in one statement. Nothing of it if the lease is another's. */
  async finish(leaseId: string, outcomes: readonly Outcome[]): Promise<void> {
    if (outcomes.length === 0) return;
    await this.prisma.$executeRaw(finishStatement(leaseId, outcomes));
    await this.outbox.wake();
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

/**
 * A rejected message gives its id free, so that it can be sent again. The event of a stored one has the id of its row: it is one
 * event, however often the message is finished. Events of a group are numbered in the order of its messages, as only who holds the
 * lease gets here.
 */
function finishStatement(leaseId: string, outcomes: readonly Outcome[]): Prisma.Sql {
  const values = outcomes.map(({ message, state, runId, reason }) => {
    const text = reason === null ? null : JSON.stringify(reason);
    return Prisma.sql`(${message.id}::uuid, ${state}::intake_state, ${runId}::uuid, ${text}::jsonb)`;
  });
  return Prisma.sql`
    WITH changed AS (
      UPDATE intake_messages m SET state = v.state, run_id = v.run_id, reason = v.reason, finished_at = now(),
        lease_id = NULL, lease_until = NULL,
        identity = CASE WHEN v.state = 'rejected' THEN 'bad:' || m.id::text ELSE m.identity END
      FROM (VALUES ${Prisma.join(values)}) AS v (id, state, run_id, reason)
      WHERE m.id = v.id AND m.lease_id = ${leaseId}::uuid AND m.state = 'received'
      RETURNING m.*
    )
    INSERT INTO outbox_events (id, owner, stream, type, data)
    SELECT id, owner, 'group:' || "group", ${DOCUMENT_STORED}, jsonb_build_object('id', message_id, 'title', title,
      'bucket', bucket, 'file_name', key, 'route', route, 'group', "group")
    FROM changed WHERE state = 'stored' ORDER BY sequence ON CONFLICT (id) DO NOTHING`;
}
