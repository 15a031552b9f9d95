import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { AuditAction } from '../audit/audit-entry.js';
import { AuditLog, type AuditTransaction } from '../audit/audit-log.js';
import { Clock } from '../common/clock.js';
import type { CursorPosition } from '../common/pagination.js';
import { Prisma } from '../platform/prisma/generated/client.js';
import { PrismaService } from '../platform/prisma/prisma.service.js';
import { seconds } from '../platform/prisma/sql-interval.js';
import type { EndpointChange, WebhookEndpoint } from './webhook.js';

const columns = {
  ...{ id: true, owner: true, url: true, description: true, events: true, enabled: true },
  ...{ disabledReason: true, previousUntil: true, createdAt: true },
} as const;
const eventsSchema = z.array(z.string());

export interface NewEndpoint extends Pick<
  WebhookEndpoint,
  'id' | 'owner' | 'url' | 'description' | 'events' | 'enabled'
> {
  /** Sealed. */
  secret: string;
}

@Injectable()
export class WebhookEndpointsRepository {
  constructor(
    private readonly prisma: PrismaService,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  async create(endpoint: NewEndpoint): Promise<WebhookEndpoint> {
    return await this.prisma.$transaction(async (tx) => {
      const row = await tx.webhookEndpoint.create({ data: endpoint, select: columns });
      await this.note(tx, AuditAction.WebhookCreate, endpoint);
      return this.toEndpoint(row);
    });
  }

  /** Newest first, those created before the position; `limit` of them. */
  async list(owner: string, limit: number, after: CursorPosition | null): Promise<WebhookEndpoint[]> {
    const rows = await this.prisma.webhookEndpoint.findMany({
      where: {
        owner,
        ...(after && {
          OR: [{ createdAt: { lt: after.createdAt } }, { createdAt: after.createdAt, id: { lt: after.id } }],
        }),
      },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit,
      select: columns,
    });
    return rows.map((row) => this.toEndpoint(row));
  }

  async find(owner: string, id: string): Promise<WebhookEndpoint | null> {
    const row = await this.prisma.webhookEndpoint.findUnique({ where: { id, owner }, select: columns });
    return row && this.toEndpoint(row);
  }

  /** Null if there is none of the id. */
  async change(owner: string, id: string, { enabled, ...change }: EndpointChange): Promise<WebhookEndpoint | null> {
    const where = { id, owner };
    await this.prisma.$transaction(async (tx) => {
      const { count } = await tx.webhookEndpoint.updateMany({ where, data: change });
      if (count === 0) return;
      if (enabled === true) {
        const data = { enabled, disabledReason: null, enabledAt: this.clock.now() };
        await tx.webhookEndpoint.updateMany({ where: { ...where, enabled: false }, data });
      }
      if (enabled === false) await tx.webhookEndpoint.updateMany({ where, data: { enabled } });
      await this.note(tx, AuditAction.WebhookChange, where);
    });
    return await this.find(owner, id);
  }

  /** The secret becomes the previous one, which signs too for so many seconds more. Null if there is none of the id. */
  async rotate(
    { owner, id }: Pick<WebhookEndpoint, 'owner' | 'id'>,
    secret: string,
    overlapSeconds: number,
  ): Promise<WebhookEndpoint | null> {
    await this.prisma.$transaction(async (tx) => {
      const count = await tx.$executeRaw`
        UPDATE webhook_endpoints SET secret = ${secret}, previous_secret = secret,
          previous_until = now() + ${seconds(overlapSeconds)}
        WHERE id = ${id}::uuid AND owner = ${owner}`;
      if (count > 0) await this.note(tx, AuditAction.WebhookChange, { id, owner });
    });
    return await this.find(owner, id);
  }

  /** Its deliveries go with it. False if there is none of the id. */
  async remove(owner: string, id: string): Promise<boolean> {
    return await this.prisma.$transaction(async (tx) => {
      const { count } = await tx.webhookEndpoint.deleteMany({ where: { id, owner } });
      if (count > 0) await this.note(tx, AuditAction.WebhookDelete, { id, owner });
      return count > 0;
    });
  }

  /** In the name of the service. False if it is disabled already, or has another URL than the one that the reason is about. */
  async disable({ id, url }: Pick<WebhookEndpoint, 'id' | 'url'>, reason: string): Promise<boolean> {
    const { count } = await this.prisma.webhookEndpoint.updateMany({
      where: { id, url, enabled: true },
      data: { enabled: false, disabledReason: reason },
    });
    return count > 0;
  }

  /** Disables an endpoint that, enabled all the time, took nothing for so many seconds, while so many deliveries to it failed for good. */
  async disableIfDead(id: string, reason: string, rule: { failures: number; seconds: number }): Promise<boolean> {
    const since = Prisma.sql`now() - ${seconds(rule.seconds)}`;
    const changed = await this.prisma.$executeRaw`
      UPDATE webhook_endpoints e SET enabled = false, disabled_reason = ${reason}
      WHERE id = ${id}::uuid AND enabled AND enabled_at <= ${since} AND ${rule.failures} <= (
        SELECT count(*) FILTER (WHERE d.status = 'failed') FROM webhook_deliveries d
        JOIN outbox_events o ON o.id = d.event_id AND o.type <> 'ping'
        WHERE d.endpoint_id = e.id AND d.finished_at > ${since}
        HAVING count(*) FILTER (WHERE d.status = 'delivered') = 0)`;
    return changed > 0;
  }

  private async note(
    tx: AuditTransaction,
    action: AuditAction,
    { id, owner }: Pick<WebhookEndpoint, 'id' | 'owner'>,
  ): Promise<void> {
    await this.audit.append(tx, { owner, action, resource: id });
  }

  /** A row with `columns`. */
  private toEndpoint(row: Omit<WebhookEndpoint, 'events'> & { events: unknown }): WebhookEndpoint {
    const { previousUntil } = row;
    const isOver = previousUntil !== null && previousUntil <= this.clock.now();
    return { ...row, events: eventsSchema.parse(row.events), previousUntil: isOver ? null : previousUntil };
  }
}
