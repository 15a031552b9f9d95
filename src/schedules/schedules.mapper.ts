import { z } from 'zod';
import type { Prisma } from '../platform/prisma/generated/client.js';
import { FiringOutcome, FiringTrigger, MisfirePolicy, OverlapPolicy, type Firing, type Schedule } from './schedule.js';

export const scheduleColumns = {
  ...{ id: true, owner: true, name: true, cron: true, timeZone: true, kind: true, body: true },
  ...{ misfire: true, overlap: true, enabled: true, pausedReason: true, nextAt: true, revision: true },
  ...{ createdAt: true, updatedAt: true },
} satisfies Prisma.ScheduleSelect;

export const firingColumns = {
  ...{ id: true, scheduleId: true, occurrence: true, trigger: true, outcome: true },
  ...{ runId: true, detail: true, firedAt: true },
} satisfies Prisma.ScheduleFiringSelect;

const bodySchema = z.record(z.string(), z.unknown());
const misfireSchema = z.enum(MisfirePolicy);
const overlapSchema = z.enum(OverlapPolicy);
const triggerSchema = z.enum(FiringTrigger);
const outcomeSchema = z.enum(FiringOutcome);

export function toSchedule(row: Prisma.ScheduleGetPayload<{ select: typeof scheduleColumns }>): Schedule {
  return {
    ...row,
    body: bodySchema.parse(row.body),
    misfire: misfireSchema.parse(row.misfire),
    overlap: overlapSchema.parse(row.overlap),
  };
}

export function toFiring(row: Prisma.ScheduleFiringGetPayload<{ select: typeof firingColumns }>): Firing {
  return { ...row, trigger: triggerSchema.parse(row.trigger), outcome: outcomeSchema.parse(row.outcome) };
}
