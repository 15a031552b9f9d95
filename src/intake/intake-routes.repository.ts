import { Injectable } from '@nestjs/common';
import { AuditAction } from '../audit/audit-entry.js';
import { AuditLog } from '../audit/audit-log.js';
import { PrismaService } from '../platform/prisma/prisma.service.js';
import { routingSchema, type Routing } from './routing.js';

@Injectable()
export class IntakeRoutesRepository {
  constructor(
    private readonly prisma: PrismaService,
    private readonly audit: AuditLog,
  ) {}

  async find(owner: string): Promise<Routing | null> {
    const row = await this.prisma.intakeRoutes.findUnique({ where: { owner }, select: { routing: true } });
    return row && routingSchema.parse(row.routing);
  }

  async put(owner: string, routing: Routing): Promise<void> {
    await this.prisma.$transaction(async (tx) => {
      await tx.intakeRoutes.upsert({
        where: { owner },
        create: { owner, routing },
        update: { routing },
        select: { owner: true },
      });
      await this.audit.append(tx, { owner, action: AuditAction.RoutesChange, resource: owner });
    });
  }
}
