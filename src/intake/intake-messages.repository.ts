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
/** Two statements that wait for each other's rows: PostgreSQL ends one of them, which is simply tried again. */
const DEADLOCK = '40P01';

type Transaction = Pick<PrismaService, '$queryRaw' | 'intakeMessage'>;

interface Row extends CheckedMessage {
  id: string;
  identity: string;
  key: string | null;
}

/** Somebody else took a name between the look and the insert. */
class NameTaken extends Error {}

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
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.prisma.$transaction(async (tx) => await write(tx, owner, messages));
      } catch (error) {
        if (!(error instanceof NameTaken) && !isDeadlock(error)) throw error;
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

async function write(tx: Transaction, owner: string, messages: readonly CheckedMessage[]): Promise<Receipt[]> {
  const rows = await withNames(tx, messages.map(toRow));
  const written = new Set(await insert(tx, owner, rows));
  const conflicts = await findConflicts(
    tx,
    owner,
    rows.filter(({ id }) => !written.has(id)),
  );
  const rejected = [...conflicts].map(([row, rejection]) => ({ row, rejection }));
  for (const id of await insert(
    tx,
    owner,
    rejected.map(({ rejection }) => rejection),
  )) {
    written.add(id);
  }
  const final = rows.map((row) => conflicts.get(row) ?? row);
  const kept = await tx.intakeMessage.findMany({
    where: { owner, identity: { in: final.map(({ identity }) => identity) } },
    select: { ...messageColumns, identity: true },
  });
  const byIdentity = new Map(kept.map(({ identity, ...row }) => [identity, toMessage(row)]));
  return final.map(({ id, identity }) => {
    const message = byIdentity.get(identity);
    if (message === undefined) throw new NameTaken();
    return { message, repeated: !written.has(id) };
  });
}

function toRow(message: CheckedMessage): Row {
  const { messageId, rejection, body } = message;
  const identity = messageId === null || rejection !== null ? digestOf(body) : identityOf(messageId);
  return { ...message, id: uuidv7(), identity, key: null };
}

const identityOf = (messageId: string): string => `id:${messageId}`;
const digestOf = (body: Buffer): string => `bad:${createHash('sha256').update(body).digest('hex')}`;

/** Gives each document the first of its names that nobody has. The unique index decides if two look at the same time. */
async function withNames(tx: Transaction, rows: readonly Row[]): Promise<Row[]> {
  const wanted = rows.flatMap(({ bucket, title, messageId, rejection }) =>
    bucket === null || title === null || messageId === null || rejection !== null
      ? []
      : objectKeys(title, messageId).map((key) => Prisma.sql`(${bucket}, ${key})`),
  );
  if (wanted.length === 0) return [...rows];
  const found = await tx.$queryRaw<{ bucket: string; key: string }[]>`
    SELECT bucket, key FROM intake_messages WHERE (bucket, key) IN (${Prisma.join(wanted)})`;
  const taken = new Set(found.map(({ bucket, key }) => `${bucket}/${key}`));
  return rows.map((row) => {
    const { bucket, title, messageId, rejection } = row;
    if (bucket === null || title === null || messageId === null || rejection !== null) return row;
    const free = objectKeys(title, messageId).find((name) => !taken.has(`${bucket}/${name}`));
    // Titles that others made up to look like all of them, or this very message again, which is not written then.
    const key = free ?? `${row.id}.json`;
    taken.add(`${bucket}/${key}`);
    return { ...row, key };
  });
}

/** One statement. Returns the ids of the rows that were written: not of those whose identity or name exists. */
async function insert(tx: Transaction, owner: string, rows: readonly Row[]): Promise<string[]> {
  if (rows.length === 0) return [];
  const values = rows.map((row) => {
    const state = row.rejection === null ? IntakeState.Received : IntakeState.Rejected;
    const reason = row.rejection === null ? null : JSON.stringify(row.rejection);
    return Prisma.sql`(${row.id}::uuid, ${owner}, ${row.identity}, ${row.messageId}, ${row.type}, ${row.group}, ${row.body},
      ${state}::intake_state, ${row.title}, ${row.route}, ${row.bucket}, ${row.key}, ${reason}::jsonb,
      CASE WHEN ${row.rejection !== null}::boolean THEN now() END)`;
  });
  const written = await tx.$queryRaw<{ id: string }[]>`
    INSERT INTO intake_messages (id, owner, identity, message_id, type, "group", body, state, title, route, bucket, key,
      reason, finished_at)
    VALUES ${Prisma.join(values)} ON CONFLICT DO NOTHING RETURNING id::text`;
  return written.map(({ id }) => id);
}

/**
 * Of rows that were not written: those whose id belongs to another message, as what becomes of them. Throws `NameTaken` if there
 * is a row that should have been written.
 */
async function findConflicts(tx: Transaction, owner: string, rows: readonly Row[]): Promise<Map<Row, Row>> {
  if (rows.length === 0) return new Map();
  const kept = await tx.intakeMessage.findMany({
    where: { owner, identity: { in: rows.map(({ identity }) => identity) } },
    select: { identity: true, body: true },
  });
  const bodies = new Map(kept.map(({ identity, body }) => [identity, Buffer.from(body)]));
  const conflicts = new Map<Row, Row>();
  for (const row of rows) {
    const body = bodies.get(row.identity);
    if (body === undefined) throw new NameTaken();
    if (row.rejection === null && !body.equals(row.body)) conflicts.set(row, asConflict(row));
  }
  return conflicts;
}

function asConflict(row: Row): Row {
  const detail = 'belongs to another message, which came before. Send this one with an id of its own';
  const rejection = { code: RejectionCode.IdConflict, detail, pointer: '/id' };
  return { ...row, rejection, identity: digestOf(row.body), bucket: null, key: null };
}

function isDeadlock(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && JSON.stringify(error.meta ?? {}).includes(DEADLOCK);
}
