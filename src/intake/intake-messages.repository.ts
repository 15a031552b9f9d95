import { Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { ServiceUnavailable } from '../common/errors.js';
import type { CursorPosition } from '../common/pagination.js';
import { Prisma } from '../platform/prisma/generated/client.js';
import { PrismaService } from '../platform/prisma/prisma.service.js';
import {
  asConflict,
  identityOf,
  insertStatement,
  messageOf,
  toRow,
  type Row,
  type Written,
} from './intake-insert.mapper.js';
import type { CheckedMessage, IntakeMessage, IntakeState, Receipt } from './intake-message.js';
import { messageColumns, toMessage } from './intake-messages.mapper.js';

/** Rows of one statement, whose parameters are limited. */
const CHUNK = 500;
const MAX_TRIES = 10;
const RETRY_MS = 20;
/**
 * Somebody else took a name at the same moment, or two statements wait for each other's rows: PostgreSQL ends one of them, and
 * nothing of it is written. It is simply tried again.
 */
const TRY_AGAIN = ['23505', '40P01'];

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

function isPassing(error: unknown): boolean {
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return false;
  const meta = JSON.stringify(error.meta ?? {});
  return TRY_AGAIN.some((code) => meta.includes(`"${code}"`));
}
