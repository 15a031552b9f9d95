import type { RunKind } from '../runs/run.js';

/** What becomes of occurrences that nobody was there for: they are noted only, or one run makes up for all of them. */
export const MisfirePolicy = { Skip: 'skip', RunOnce: 'run_once' } as const;
export type MisfirePolicy = (typeof MisfirePolicy)[keyof typeof MisfirePolicy];

/** What an occurrence does while the last run has not ended: it is noted only, or its run queues up all the same. */
export const OverlapPolicy = { Skip: 'skip', Queue: 'queue' } as const;
export type OverlapPolicy = (typeof OverlapPolicy)[keyof typeof OverlapPolicy];

export const FiringTrigger = { Clock: 'clock', Manual: 'manual' } as const;
export type FiringTrigger = (typeof FiringTrigger)[keyof typeof FiringTrigger];

/** `pending` until its run is there; all others are final. */
export const FiringOutcome = {
  Pending: 'pending',
  Started: 'started',
  SkippedMisfire: 'skipped_misfire',
  SkippedOverlap: 'skipped_overlap',
  Failed: 'failed',
} as const;
export type FiringOutcome = (typeof FiringOutcome)[keyof typeof FiringOutcome];

/** What a schedule starts: the body of a create request, its relative dates still relative. */
export interface ScheduledRequest {
  kind: RunKind;
  body: Record<string, unknown>;
  /** IANA zone that its relative dates are counted in. */
  timeZone: string;
}

/** What an owner decides about a schedule. `cron` has five fields, or six with seconds first. */
export interface ScheduleSettings extends ScheduledRequest {
  name: string;
  cron: string;
  misfire: MisfirePolicy;
  overlap: OverlapPolicy;
  enabled: boolean;
}

/** A report or export that the clock starts. */
export interface Schedule extends ScheduleSettings {
  id: string;
  owner: string;
  /** Why the service itself has paused it. */
  pausedReason: string | null;
  /** The occurrence that fires next; null while it is paused, and when there is none. */
  nextAt: Date | null;
  /** Grows by one with every change that an owner makes. */
  revision: number;
  createdAt: Date;
  updatedAt: Date;
}

/** One occurrence of a schedule and what became of it. */
export interface Firing {
  id: string;
  scheduleId: string;
  /** The moment that the schedule names; of a manual firing, when it was asked for. */
  occurrence: Date;
  trigger: FiringTrigger;
  outcome: FiringOutcome;
  runId: string | null;
  detail: string | null;
  /** When it was written, by the clock of the database. */
  firedAt: Date;
}
