import type { CronTimes } from './cron-times.js';
import { FiringOutcome, MisfirePolicy, OverlapPolicy } from './schedule.js';

/** An occurrence that is late by no more than this is on time: ticks come every second, and processes restart in seconds. */
const GRACE_MS = 60_000;
/** Missed occurrences are counted up to here: beyond, the number says no more than "many". */
const MAX_COUNTED = 100;

export interface DueSchedule {
  misfire: MisfirePolicy;
  overlap: OverlapPolicy;
  /** Not after the present moment. */
  nextAt: Date;
  /** Whether its last run has not ended. */
  isBusy: boolean;
}

/** What becomes of one occurrence. */
export interface PlannedFiring {
  occurrence: Date;
  outcome: typeof FiringOutcome.Pending | typeof FiringOutcome.SkippedMisfire | typeof FiringOutcome.SkippedOverlap;
  detail: string | null;
}

/** What is due is done with, up to `nextAt`; null when nothing comes after it. */
export interface Plan {
  firings: PlannedFiring[];
  nextAt: Date | null;
}

/**
 * What becomes of everything that is due. Each occurrence fires, and the next one is counted from it. When the first of them is late by
 * more than a minute nobody was there: then all of them together are one misfire, noted at the latest one.
 */
export function planFirings(schedule: DueSchedule, times: CronTimes, now: Date): Plan {
  const { nextAt: first } = schedule;
  if (now.getTime() - first.getTime() > GRACE_MS) return planMisfire(schedule, times, now);
  const firings: PlannedFiring[] = [];
  let next: Date | null = first;
  for (; next !== null && next <= now; next = times.next(next)) {
    firings.push(fire(schedule, next, { detail: null, isBusy: schedule.isBusy || firings.length > 0 }));
  }
  return { firings, nextAt: next };
}

function planMisfire(schedule: DueSchedule, times: CronTimes, now: Date): Plan {
  const latest = times.latest(schedule.nextAt, now);
  const nextAt = times.next(latest);
  const missed = describe(schedule.nextAt, latest, times);
  if (schedule.misfire === MisfirePolicy.Skip) {
    return { firings: [{ occurrence: latest, outcome: FiringOutcome.SkippedMisfire, detail: missed }], nextAt };
  }
  const detail = `${missed} This run makes up for them.`;
  return { firings: [fire(schedule, latest, { detail, isBusy: schedule.isBusy })], nextAt };
}

function fire(
  { overlap }: DueSchedule,
  occurrence: Date,
  { detail, isBusy }: { detail: string | null; isBusy: boolean },
): PlannedFiring {
  if (overlap === OverlapPolicy.Queue || !isBusy) return { occurrence, outcome: FiringOutcome.Pending, detail };
  return { occurrence, outcome: FiringOutcome.SkippedOverlap, detail: 'The last run of the schedule had not ended.' };
}

function describe(first: Date, latest: Date, times: CronTimes): string {
  let count = 1;
  for (let at: Date | null = first; at !== null && at < latest && count < MAX_COUNTED; count += 1) at = times.next(at);
  const number = count < MAX_COUNTED ? String(count) : `${String(MAX_COUNTED)} or more`;
  return `No worker was there from ${first.toISOString()} to ${latest.toISOString()}; missed: ${number}.`;
}
