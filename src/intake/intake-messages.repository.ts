import { Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { setTimeout as delay } from 'node:timers/promises';
import { ServiceUnavailable } from '../common/errors.js';
import type { CursorPosition } from '../common/pagination.js';
import { Prisma } from '../platform/prisma/generated/client.js';
import { PrismaService } from '../platform/prisma/prisma.service.js';
import { IntakeState, RejectionCode, type CheckedMessage, type IntakeMessage, type Receipt } from './intake-message.js';
import { messageColumns, toMessage } from './intake-messages.mapper.js';
import { objectKeys } from './object-key.js';

/** Rows of one statement, whose parameters are limited. */
const CHUNK = 500;
const MAX_TRIES = 10;
const RETRY_MS = 20;
/**
 * Somebody else took a name at the same moment, or two statements wait for each other's rows: PostgreSQL ends one of them, and
 * nothing of it is written. It is simply tried again.
 */
const TRY_AGAIN = ['23505', '40P01'];

interface Row extends CheckedMessage {
  id: string;
  identity: string;
}

/** What the database says of a row that it has written. */
interface Written {
  id: string;
  key: string | null;
  createdAt: Date;
  finishedAt: Date | null;
}

/** Writing messages down, and finding them again. */
@Injectable()
export class IntakeMessagesRepository {
  constructor(private readonly prisma: PrismaService) {}

  /** Writes messages in their order, each at most once, and gives documents their names. Receipts are in the same order. */
  async accept(owner: string, messages: readonly CheckedMessage[]): Promise<Receipt[]> {
    const receipts: Receipt[] = [];
    for (let at = 0; at < messages.length; at += CHUNK) {
      receipts.push(...(await this.acceptChunk(owner, messages.slice(at, at + CHUNK))));
    }
    return receipts;
  }

  /** By the sender's id: the message that holds it, else the one that was rejected last. */
  async find(owner: string, messageId: string): Promise<IntakeMessage | null> {
    const accepted = await this.prisma.intakeMessage.findUnique({
      where: { owner_identity: { owner, identity: identityOf(messageId) } },
      select: messageColumns,
    });
    const row =
      accepted ??
      (await this.prisma.intakeMessage.findFirst({
        where: { owner, messageId },
        orderBy: { sequence: 'desc' },
        select: messageColumns,
      }));
    return row && toMessage(row);
  }

  /** Newest first. */
  async list(
    owner: string,
    { state, after, limit }: { state: IntakeState | undefined; after: CursorPosition | undefined; limit: number },
  ): Promise<IntakeMessage[]> {
    const rows = await this.prisma.intakeMessage.findMany({
      where: {
        owner,
        ...(state && { state }),
        ...(after && {
          OR: [{ createdAt: { lt: after.createdAt } }, { createdAt: after.createdAt, id: { lt: after.id } }],
        }),
      },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit,
      select: messageColumns,
    });
    return rows.map(toMessage);
  }

  private async acceptChunk(owner: string, messages: readonly CheckedMessage[]): Promise<Receipt[]> {
    const rows = messages.map(toRow);
    const receipts = await this.insert(owner, rows);
    const left = rows.filter(({ id }) => !receipts.has(id));
    // Mostly all are new, and written by one statement.
    if (left.length > 0) await this.receiptsOfKnown(owner, left, receipts);
    return rows.map(({ id }) => {
      const receipt = receipts.get(id);
      if (!receipt) throw new TypeError('a message was neither written nor found');
      return receipt;
    });
  }

  /** Of messages that were not written: they are there already, or their ids are, and then they are rejected. */
  private async receiptsOfKnown(owner: string, rows: readonly Row[], receipts: Map<string, Receipt>): Promise<void> {
    const identities = rows.map(({ identity }) => identity);
    const known = await this.prisma.intakeMessage.findMany({
      where: { owner, identity: { in: identities } },
      select: { ...messageColumns, identity: true, body: true },
    });
    const byIdentity = new Map(
      known.map(({ identity, body, ...row }) => [identity, { body, message: toMessage(row) }]),
    );
    const conflicts: Row[] = [];
    for (const row of rows) {
      const found = byIdentity.get(row.identity);
      if (found && row.rejection === null && !row.body.equals(found.body)) conflicts.push(asConflict(row));
      else if (found) receipts.set(row.id, { message: found.message, repeated: true });
    }
    if (conflicts.length === 0) return;
    for (const [id, receipt] of await this.insert(owner, conflicts)) receipts.set(id, receipt);
    const repeated = conflicts.filter(({ id }) => !receipts.has(id));
    if (repeated.length > 0) await this.receiptsOfKnown(owner, repeated, receipts);
  }

  /** Receipts of the rows that were written, by id: not of those whose identity is there. All or nothing, in one statement. */
  private async insert(owner: string, rows: readonly Row[]): Promise<Map<string, Receipt>> {
    const statement = insertStatement(owner, rows);
    const written = new Map((await this.tryAgain(statement)).map((row) => [row.id, row]));
    return new Map(
      rows.flatMap((row) => {
        const found = written.get(row.id);
        return found ? [[row.id, { message: messageOf(owner, row, found), repeated: false }]] : [];
      }),
    );
  }

  private async tryAgain(statement: Prisma.Sql): Promise<Written[]> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.prisma.$queryRaw<Written[]>(statement);
      } catch (error) {
        if (!isPassing(error)) throw error;
        if (tries === MAX_TRIES) {
          throw new ServiceUnavailable('Too many messages with the same titles arrive at once. Send them again.', {
            cause: error,
            retryAfter: 1,
          });
        }
        await delay(RETRY_MS * tries);
      }
    }
  }
}

function toRow(message: CheckedMessage): Row {
  const { messageId, rejection, body } = message;
  const identity = messageId === null || rejection !== null ? digestOf(body) : identityOf(messageId);
  return { ...message, id: uuidv7(), identity };
}

const identityOf = (messageId: string): string => `id:${messageId}`;
const digestOf = (body: Buffer): string => `bad:${createHash('sha256').update(body).digest('hex')}`;

function asConflict(row: Row): Row {
  const detail = 'belongs to another message, which came before. Send this one with an id of its own';
  const rejection = { code: RejectionCode.IdConflict, detail, pointer: '/id' };
  return { ...row, rejection, identity: digestOf(row.body), bucket: null };
}

/**
 * Each document gets the first of its names that nobody has; of equal titles in one statement, only the first may have the plain
 * one. A name that is taken while the statement runs makes all of it fail.
 */
function insertStatement(owner: string, rows: readonly Row[]): Prisma.Sql {
  const plain = new Set<string>();
  const values = rows.map((row) => {
    const state = row.rejection === null ? IntakeState.Received : IntakeState.Rejected;
    const reason = row.rejection === null ? null : JSON.stringify(row.rejection);
    const [first = null, ...others] = namesOf(row);
    const isFree = first !== null && !plain.has(`${row.bucket ?? ''}/${first}`);
    plain.add(`${row.bucket ?? ''}/${first ?? ''}`);
    const [second = null, third = null] = others;
    return Prisma.sql`(${row.id}::uuid, ${row.identity}, ${row.messageId}, ${row.type}, ${row.group}, ${row.body}::bytea,
      ${state}::intake_state, ${row.title}, ${row.route}, ${row.bucket}, ${isFree ? first : second}, ${second}, ${third},
      ${reason}::jsonb)`;
  });
  const isTaken = (name: string): Prisma.Sql =>
    Prisma.sql`EXISTS (SELECT FROM intake_messages m WHERE m.bucket = v.bucket AND m.key = v.${Prisma.raw(name)})`;
  return Prisma.sql`
    INSERT INTO intake_messages (id, owner, identity, message_id, type, "group", body, state, title, route, bucket, key,
      reason, finished_at)
    SELECT id, ${owner}, identity, message_id, type, "group", body, state, title, route, bucket,
      CASE WHEN bucket IS NULL THEN NULL WHEN NOT ${isTaken('first')} THEN first WHEN NOT ${isTaken('second')} THEN second
        WHEN NOT ${isTaken('third')} THEN third ELSE id::text || '.json' END,
      reason, CASE WHEN state = 'rejected' THEN now() END
    FROM (VALUES ${Prisma.join(values)})
      AS v (id, identity, message_id, type, "group", body, state, title, route, bucket, first, second, third, reason)
    ON CONFLICT (owner, identity) DO NOTHING
    RETURNING id::text, key, created_at AS "createdAt", finished_at AS "finishedAt"`;
}

function namesOf({ title, messageId, bucket }: Row): readonly string[] {
  return bucket === null || title === null || messageId === null ? [] : objectKeys(title, messageId);
}

function messageOf(owner: string, row: Row, { id, key, createdAt, finishedAt }: Written): IntakeMessage {
  const { messageId, type, group, title, route, bucket, rejection } = row;
  const state = rejection === null ? IntakeState.Received : IntakeState.Rejected;
  return {
    ...{ id, owner, messageId, type, group, state, title, route, bucket, key, reason: rejection },
    ...{ runId: null, createdAt, finishedAt, toldAt: null },
  };
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return false;
  const meta = JSON.stringify(error.meta ?? {});
  return TRY_AGAIN.some((code) => meta.includes(`"${code}"`));
}
