import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { AuditAction, type NewAuditEntry } from '../audit/audit-entry.js';
import { AuditLog } from '../audit/audit-log.js';
import type { CursorPosition } from '../common/pagination.js';
import { Prisma } from '../platform/prisma/generated/client.js';
import { PrismaService } from '../platform/prisma/prisma.service.js';
import { ScheduleExists } from './schedule-errors.js';
import type { Schedule, ScheduleSettings } from './schedule.js';
import { scheduleColumns, toSchedule } from './schedules.mapper.js';

const UNIQUE_VIOLATION = 'P2002';

/** A page of a list that is ordered from the newest; `after` is exclusive. */
export interface ListQuery {
  after: CursorPosition | null;
  limit: number;
}

/** Schedules as their owners see and change them. */
@Injectable()
export class SchedulesRepository {
  constructor(
    private readonly prisma: PrismaService,
    private readonly audit: AuditLog,
  ) {}

  /** Throws `ScheduleExists`. */
  async create(owner: string, settings: ScheduleSettings, nextAt: Date | null): Promise<Schedule> {
    const data = { id: uuidv7(), owner, ...columnsOf(settings), nextAt };
    return await named(
      settings.name,
      async () =>
        await this.prisma.$transaction(async (tx) => {
          const row = await tx.schedule.create({ data, select: scheduleColumns });
          await this.audit.append(tx, entry(AuditAction.ScheduleCreate, data));
          return toSchedule(row);
        }),
    );
  }

  async find(owner: string, id: string): Promise<Schedule | null> {
    const row = await this.prisma.schedule.findFirst({ where: { id, owner }, select: scheduleColumns });
    return row && toSchedule(row);
  }

  async list(owner: string, { after, limit }: ListQuery): Promise<Schedule[]> {
    const rows = await this.prisma.schedule.findMany({
      where: {
        owner,
        ...(after && {
          OR: [{ createdAt: { lt: after.createdAt } }, { createdAt: after.createdAt, id: { lt: after.id } }],
        }),
      },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit,
      select: scheduleColumns,
    });
    return rows.map(toSchedule);
  }

  /**
   * Writes what its owner has decided; `nextAt` only where that decides it, as the clock moves it too. Why it was paused is forgotten
   * when it is enabled. Null if it has been changed since it was read. Throws `ScheduleExists`.
   */
  async change(
    { id, owner, revision }: Schedule,
    settings: ScheduleSettings,
    timing: { nextAt?: Date | null },
  ): Promise<Schedule | null> {
    return await named(
      settings.name,
      async () =>
        await this.prisma.$transaction(async (tx) => {
          const [row] = await tx.schedule.updateManyAndReturn({
            where: { id, owner, revision },
            data: {
              ...{ ...columnsOf(settings), ...timing, revision: { increment: 1 } },
              ...(settings.enabled && { pausedReason: null }),
            },
            select: scheduleColumns,
          });
          if (!row) return null;
          await this.audit.append(tx, entry(AuditAction.ScheduleChange, { id, owner, name: settings.name }));
          return toSchedule(row);
        }),
    );
  }

  /** Pauses a schedule that cannot go on, unless its owner has changed it meanwhile. */
  async pauseBecause({ id, revision }: Schedule, reason: string): Promise<void> {
    await this.prisma.schedule.updateMany({
      where: { id, revision },
      data: { enabled: false, nextAt: null, pausedReason: reason, revision: { increment: 1 } },
    });
  }

  /** With its history. False if there is none. */
  async remove(owner: string, id: string): Promise<boolean> {
    return await this.prisma.$transaction(async (tx) => {
      const [removed] = await tx.$queryRaw<{ name: string }[]>`
        DELETE FROM schedules WHERE id = ${id}::uuid AND owner = ${owner} RETURNING name`;
      if (!removed) return false;
      await this.audit.append(tx, entry(AuditAction.ScheduleDelete, { id, owner, name: removed.name }));
      return true;
    });
  }
}

const entry = (action: AuditAction, { id, owner, name }: Pick<Schedule, 'id' | 'owner' | 'name'>): NewAuditEntry => ({
  ...{ owner, action, resource: id },
  detail: { name },
});

function columnsOf({ name, cron, timeZone, kind, body, misfire, overlap, enabled }: ScheduleSettings) {
  // It came as JSON, or out of a JSON column.
  return { name, cron, timeZone, kind, body: body as Prisma.InputJsonObject, misfire, overlap, enabled };
}

async function named<T>(name: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof Prisma.PrismaClientKnownRequestError) || error.code !== UNIQUE_VIOLATION) throw error;
    throw new ScheduleExists(name);
  }
}
