import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import type { Prisma } from '../platform/prisma/generated/client.js';
import { PrismaService } from '../platform/prisma/prisma.service.js';
import { isTerminal } from '../runs/run-state.js';
import type { RunStatus } from '../runs/run.js';
import type { ScheduledFiring } from './firings.repository.js';
import type { Plan } from './occurrences.js';
import { FiringOutcome, FiringTrigger, type Schedule } from './schedule.js';
import { firingColumns, scheduleColumns, toFiring, toSchedule } from './schedules.mapper.js';

/** Waiting for the database must not look like a claim that hangs. */
const TRANSACTION = { maxWait: 10_000, timeout: 30_000 };

/** A schedule whose time has come. */
export interface Due {
  schedule: Schedule;
  /** Not after the present moment. */
  nextAt: Date;
  /** Whether its last run has not ended. */
  isBusy: boolean;
}

interface LastFiring {
  id: string;
  outcome: FiringOutcome;
  status: RunStatus | null;
}

/** Hands each occurrence to one process, however many ask at once. */
@Injectable()
export class DueSchedulesRepository {
  constructor(private readonly prisma: PrismaService) {}

  /** Whether it is worth claiming: one look at an index. */
  async anyDue(now: Date): Promise<boolean> {
    const [row] = await this.prisma.$queryRaw<{ due: boolean }[]>`
      SELECT EXISTS (SELECT FROM schedules WHERE next_at <= ${now}) AS due`;
    return row?.due ?? false;
  }

  /**
   * Takes schedules that are due and that no other process is taking, writes the firings that `plan` makes of each, and moves each to
   * its next occurrence: all or nothing. Returns how many were taken, and the firings that are to be started now.
   */
  async claim(
    now: Date,
    limit: number,
    plan: (due: Due) => Plan,
  ): Promise<{ claimed: number; firings: ScheduledFiring[] }> {
    return await this.prisma.$transaction(async (tx) => {
      const dues = await takeDue(tx, now, limit);
      const plans = dues.map((due) => ({ schedule: due.schedule, ...plan(due) }));
      const rows = await tx.scheduleFiring.createManyAndReturn({
        data: plans.flatMap(({ schedule, firings }) =>
          firings.map((firing) => ({
            ...{ id: uuidv7(), scheduleId: schedule.id, trigger: FiringTrigger.Clock },
            ...firing,
          })),
        ),
        skipDuplicates: true,
        select: firingColumns,
      });
      // Not by Prisma, which would note it as a change of the owner's.
      await tx.$executeRaw`
        UPDATE schedules SET next_at = nullif(planned.next_at, '')::timestamptz
        FROM unnest(${plans.map(({ schedule }) => schedule.id)}::uuid[],
          ${plans.map(({ nextAt }) => nextAt?.toISOString() ?? '')}::text[]) AS planned (id, next_at)
        WHERE schedules.id = planned.id`;
      const schedules = new Map(plans.map(({ schedule }) => [schedule.id, schedule]));
      const firings = rows.map(toFiring).flatMap((firing) => {
        const schedule = schedules.get(firing.scheduleId);
        return schedule && firing.outcome === FiringOutcome.Pending ? [{ schedule, firing }] : [];
      });
      return { claimed: dues.length, firings };
    }, TRANSACTION);
  }
}

async function takeDue(tx: Prisma.TransactionClient, now: Date, limit: number): Promise<Due[]> {
  const locked = await tx.$queryRaw<{ id: string }[]>`
    SELECT id::text FROM schedules WHERE next_at <= ${now} ORDER BY next_at LIMIT ${limit} FOR UPDATE SKIP LOCKED`;
  const ids = locked.map(({ id }) => id);
  const rows = await tx.schedule.findMany({ where: { id: { in: ids } }, select: scheduleColumns });
  const busy = await busyOf(tx, ids);
  return rows.flatMap((row) => {
    const schedule = toSchedule(row);
    return schedule.nextAt === null ? [] : [{ schedule, nextAt: schedule.nextAt, isBusy: busy.has(schedule.id) }];
  });
}

/** Which of the schedules have a last run that has not ended, or is about to be created. */
async function busyOf(tx: Prisma.TransactionClient, ids: readonly string[]): Promise<Set<string>> {
  const rows = await tx.$queryRaw<LastFiring[]>`
    SELECT wanted.id::text, last.outcome, runs.status::text
    FROM unnest(${ids}::uuid[]) AS wanted (id) CROSS JOIN LATERAL (
      SELECT outcome, run_id FROM schedule_firings
      WHERE schedule_id = wanted.id AND outcome IN (${FiringOutcome.Pending}, ${FiringOutcome.Started})
      ORDER BY occurrence DESC LIMIT 1) AS last
    LEFT JOIN runs ON runs.id = last.run_id`;
  const busy = rows.filter(
    ({ outcome, status }) => outcome === FiringOutcome.Pending || (status !== null && !isTerminal(status)),
  );
  return new Set(busy.map(({ id }) => id));
}
