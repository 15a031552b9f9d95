import { Injectable } from '@nestjs/common';
import { AuditAction } from '../audit/audit-entry.js';
import { AuditLog } from '../audit/audit-log.js';
import type { CursorPosition } from '../common/pagination.js';
import { PrismaService } from '../platform/prisma/prisma.service.js';
import { seconds } from '../platform/prisma/sql-interval.js';
import { FiringOutcome, FiringTrigger, type Firing, type Schedule } from './schedule.js';
import { firingColumns, scheduleColumns, toFiring, toSchedule } from './schedules.mapper.js';

/** A firing together with the schedule that it is of. */
export interface ScheduledFiring {
  schedule: Schedule;
  firing: Firing;
}

/** What has become of a firing. */
export interface Settled {
  outcome: typeof FiringOutcome.Started | typeof FiringOutcome.Failed;
  runId: string | null;
  detail: string | null;
}

/** The history of schedules. */
@Injectable()
export class FiringsRepository {
  constructor(
    private readonly prisma: PrismaService,
    private readonly audit: AuditLog,
  ) {}

  /** Newest first; `after` is exclusive and counts by occurrence, which no two firings of a schedule share. */
  async list(scheduleId: string, after: CursorPosition | null, limit: number): Promise<Firing[]> {
    const rows = await this.prisma.scheduleFiring.findMany({
      where: { scheduleId, ...(after && { occurrence: { lt: after.createdAt } }) },
      orderBy: { occurrence: 'desc' },
      take: limit,
      select: firingColumns,
    });
    return rows.map(toFiring);
  }

  async find(id: string): Promise<Firing | null> {
    const row = await this.prisma.scheduleFiring.findUnique({ where: { id }, select: firingColumns });
    return row && toFiring(row);
  }

  /** A pending firing by hand. Null if there is one with its id or of its moment. */
  async addManual(
    { id: scheduleId, owner, name }: Schedule,
    firing: Pick<Firing, 'id' | 'occurrence'>,
  ): Promise<Firing | null> {
    return await this.prisma.$transaction(async (tx) => {
      const [row] = await tx.scheduleFiring.createManyAndReturn({
        data: [{ ...firing, scheduleId, trigger: FiringTrigger.Manual, outcome: FiringOutcome.Pending }],
        skipDuplicates: true,
        select: firingColumns,
      });
      if (!row) return null;
      const detail = { name, firing: firing.id };
      await this.audit.append(tx, { owner, action: AuditAction.ScheduleRun, resource: scheduleId, detail });
      return toFiring(row);
    });
  }

  /** Firings that have been pending for so long, oldest first. */
  async pending(ageSeconds: number, limit: number): Promise<ScheduledFiring[]> {
    const overdue = await this.prisma.$queryRaw<{ id: string }[]>`
      SELECT id::text FROM schedule_firings
      WHERE outcome = ${FiringOutcome.Pending} AND fired_at <= now() - ${seconds(ageSeconds)}
      ORDER BY fired_at LIMIT ${limit}`;
    const rows = await this.prisma.scheduleFiring.findMany({
      where: { id: { in: overdue.map(({ id }) => id) } },
      orderBy: { occurrence: 'asc' },
      select: { ...firingColumns, schedule: { select: scheduleColumns } },
    });
    return rows.map(({ schedule, ...row }) => ({ schedule: toSchedule(schedule), firing: toFiring(row) }));
  }

  /** The run that was created for a firing by a process that did not live to note it: its request id is the firing's. */
  async runOf({ schedule, firing }: ScheduledFiring): Promise<string | null> {
    const run = await this.prisma.run.findFirst({
      where: {
        ...{ owner: schedule.owner, kind: schedule.kind, createdAt: { gte: firing.firedAt } },
        requestId: firing.id,
      },
      select: { id: true },
    });
    return run?.id ?? null;
  }

  /** What it has become, by whomever. Null if the schedule was deleted. */
  async settle(id: string, settled: Settled): Promise<Firing | null> {
    await this.prisma.scheduleFiring.updateMany({ where: { id, outcome: FiringOutcome.Pending }, data: settled });
    return await this.find(id);
  }

  /** At most `limit` of them; those that another sweep removes right now are passed over. */
  async removeOld(historySeconds: number, limit: number): Promise<void> {
    const settled = Object.values(FiringOutcome).filter((outcome) => outcome !== FiringOutcome.Pending);
    await this.prisma.$executeRaw`
      DELETE FROM schedule_firings WHERE id IN (
        SELECT id FROM schedule_firings
        WHERE outcome = ANY(${settled}) AND fired_at < now() - ${seconds(historySeconds)}
        ORDER BY fired_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)`;
  }
}
