import { Injectable } from '@nestjs/common';
import { Prisma } from '../platform/prisma/generated/client.js';
import type { PrismaService } from '../platform/prisma/prisma.service.js';
import type { NewOutboxEvent } from './outbox-event.js';

/** A transaction of Prisma, as `$transaction` hands it to its callback. */
export type OutboxTransaction = Pick<PrismaService, '$executeRaw'>;

@Injectable()
export class OutboxRepository {
  async append(tx: OutboxTransaction, event: NewOutboxEvent): Promise<void> {
    const { id, owner, stream, type, data, callbackUrl } = event;
    await tx.$executeRaw(Prisma.sql`
      INSERT INTO outbox_events (id, owner, stream, type, data, callback_url)
      VALUES (${id}::uuid, ${owner}, ${stream}, ${type}, ${JSON.stringify(data)}::jsonb, ${callbackUrl})
      ON CONFLICT (id) DO NOTHING`);
  }
}
