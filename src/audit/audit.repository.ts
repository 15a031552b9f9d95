import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { ACTOR_TYPES, currentActor } from '../common/actor.js';
import { PrismaService } from '../platform/prisma/prisma.service.js';
import { AuditAction, type AuditEntry, type AuditQuery, type NewAuditEntry } from './audit-entry.js';

/** A transaction of Prisma, as `$transaction` hands it to its callback. */
export type AuditTransaction = Pick<PrismaService, '$executeRaw'>;

const rowSchema = z.object({
  ...{ sequence: z.bigint(), at: z.date(), owner: z.string(), action: z.enum(AuditAction), resource: z.string() },
  ...{ actorType: z.enum(ACTOR_TYPES), actorId: z.string().nullable() },
  ...{ address: z.string().nullable(), requestId: z.string().nullable() },
  detail: z.record(z.string(), z.unknown()).nullable(),
});

@Injectable()
export class AuditRepository {
  constructor(private readonly prisma: PrismaService) {}

  async append(tx: AuditTransaction, { owner, action, resource, detail }: NewAuditEntry): Promise<void> {
    const { type, id, address, requestId } = currentActor();
    await tx.$executeRaw`
      INSERT INTO audit_entries (owner, action, resource, actor_type, actor_id, address, request_id, detail)
      VALUES (${owner}, ${action}, ${resource}, ${type}, ${id}, ${address}, ${requestId},
        ${detail === undefined ? null : JSON.stringify(detail)}::jsonb)`;
  }

  async list({ owner, action, resource, before, limit }: AuditQuery): Promise<AuditEntry[]> {
    const rows = await this.prisma.auditEntry.findMany({
      where: {
        ...(owner !== undefined && { owner }),
        ...(action !== undefined && { action }),
        ...(resource !== undefined && { resource }),
        ...(before !== undefined && { sequence: { lt: before } }),
      },
      orderBy: { sequence: 'desc' },
      take: limit,
    });
    return rows.map((row) => {
      const { actorType: type, actorId: id, address, requestId, ...entry } = rowSchema.parse(row);
      return { ...entry, actor: { type, id, address, requestId } };
    });
  }
}
