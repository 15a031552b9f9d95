import { Injectable } from '@nestjs/common';
import { currentActor } from '../common/actor.js';
import type { PrismaService } from '../platform/prisma/prisma.service.js';
import type { NewAuditEntry } from './audit-entry.js';

/** A transaction of Prisma, as `$transaction` hands it to its callback. */
export type AuditTransaction = Pick<PrismaService, '$executeRaw'>;

@Injectable()
export class AuditRepository {
  async append(tx: AuditTransaction, { owner, action, resource, detail }: NewAuditEntry): Promise<void> {
    const { type, id, address, requestId } = currentActor();
    await tx.$executeRaw`
      INSERT INTO audit_entries (owner, action, resource, actor_type, actor_id, address, request_id, detail)
      VALUES (${owner}, ${action}, ${resource}, ${type}, ${id}, ${address}, ${requestId},
        ${detail === undefined ? null : JSON.stringify(detail)}::jsonb)`;
  }
}
