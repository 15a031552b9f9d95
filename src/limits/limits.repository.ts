import { Injectable } from '@nestjs/common';
import { AuditAction } from '../audit/audit-entry.js';
import { AuditLog } from '../audit/audit-log.js';
import { PrismaService } from '../platform/prisma/prisma.service.js';
import { limitChanges, type LimitChanges, type OwnerUse } from './owner-limits.js';

@Injectable()
export class LimitsRepository {
  constructor(
    private readonly prisma: PrismaService,
    private readonly audit: AuditLog,
  ) {}

  /** What is set for the owner; nothing if there is no row. */
  async find(owner: string): Promise<LimitChanges> {
    const row = await this.prisma.ownerLimits.findUnique({ where: { owner }, select: { limits: true } });
    return row === null ? {} : limitChanges.parse(row.limits);
  }

  async put(owner: string, limits: LimitChanges): Promise<void> {
    await this.prisma.$transaction(async (tx) => {
      await tx.ownerLimits.upsert({
        where: { owner },
        create: { owner, limits },
        update: { limits },
        select: { owner: true },
      });
      await this.audit.append(tx, { owner, action: AuditAction.LimitsChange, resource: owner, detail: limits });
    });
  }

  /** Without a row there is nothing to note either. */
  async remove(owner: string): Promise<void> {
    await this.prisma.$transaction(async (tx) => {
      const { count } = await tx.ownerLimits.deleteMany({ where: { owner } });
      if (count === 0) return;
      await this.audit.append(tx, { owner, action: AuditAction.LimitsChange, resource: owner, detail: {} });
    });
  }

  /** Results count until they expire, also of runs whose deletion is under way. */
  async use(owner: string): Promise<OwnerUse> {
    const [row] = await this.prisma.$queryRaw<{ running: bigint; queued: bigint; stored: bigint }[]>`
      SELECT
        (SELECT count(*) FROM runs WHERE owner = ${owner} AND status IN ('running', 'cancelling')) AS running,
        (SELECT count(*) FROM runs WHERE owner = ${owner} AND status = 'queued') AS queued,
        ((SELECT coalesce(sum(v.bytes), 0) FROM dataset_versions v JOIN datasets d ON d.id = v.dataset_id WHERE d.owner = ${owner})
          + (SELECT coalesce(sum((manifest->>'bytes')::bigint), 0) FROM runs WHERE owner = ${owner} AND status = 'completed')
          + (SELECT coalesce(sum(a.size), 0) FROM artifacts a JOIN runs r ON r.id = a.run_id
              WHERE r.owner = ${owner} AND r.status = 'completed' AND a.status = 'ready'))::bigint AS stored`;
    return {
      running: Number(row?.running ?? 0),
      queued: Number(row?.queued ?? 0),
      storedBytes: Number(row?.stored ?? 0),
    };
  }
}
