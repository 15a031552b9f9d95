import { z } from 'zod';
import { RunPhase, RunStatus, type Run, type RunProgress } from './run.js';
import { isTerminal } from './run-state.js';

/**
 * What a run's subscribers are told. `id` is the run's revision after the change: it only grows, and whoever comes back with the
 * last one misses no change. Where a queued run stands is no change of the run: it is told with the id of the change
 * told before, so that the same id may come again and going on after it loses nothing.
 */
export interface RunEvent {
  id: number;
  type: 'status' | 'progress';
  data: RunEventData;
}

/** Wire form (snake_case): it is sent to clients as it is. `progress` is that of `progressData`. */
export interface RunEventData {
  status: RunStatus;
  terminal: boolean;
  attempt: number;
  progress?: unknown;
  error?: unknown;
  /** Of the request that created the run. */
  request_id?: string | undefined;
}

export const eventSchema: z.ZodType<RunEvent> = z.object({
  id: z.number().int(),
  type: z.enum(['status', 'progress']),
  data: z.object({
    status: z.enum(Object.values(RunStatus)),
    terminal: z.boolean(),
    attempt: z.number().int(),
    progress: z.unknown().optional(),
    error: z.unknown().optional(),
    request_id: z.string().optional(),
  }),
});

/**
 * Progress in wire form: bytes, rows per second, and seconds left of the phase, each null if it is not known. A run that waits has
 * a position: how many stand before it. Until a run has begun a phase it is `query`, which every run has.
 */
export interface ProgressData {
  phase: RunPhase;
  percent: number | null;
  rows: number | null;
  pages: number | null;
  bytes: number | null;
  rate: number | null;
  queue_position: number | null;
  eta_seconds: number | null;
}

export function progressData(progress: RunProgress | null, queuePosition: number | null): ProgressData {
  const { phase, percent, rows, pages, bytes, rate, etaSeconds } = progress ?? {};
  return {
    phase: phase ?? RunPhase.Query,
    percent: percent ?? null,
    rows: rows ?? null,
    pages: pages ?? null,
    bytes: bytes ?? null,
    rate: rate ?? null,
    queue_position: queuePosition,
    eta_seconds: etaSeconds ?? null,
  };
}

export function eventOf(run: Run, type: RunEvent['type']): RunEvent {
  const { progress } = run;
  return {
    id: run.revision,
    type,
    data: {
      status: run.status,
      terminal: isTerminal(run.status),
      attempt: run.attempt,
      ...(progress && { progress: progressData(progress, null) }),
      ...(run.error && { error: run.error }),
      ...(run.requestId !== null && { request_id: run.requestId }),
    },
  };
}

/** Channel on which the changes of a run are announced. */
export const runChannel = (runId: string): string => `run:${runId}`;

const announcementSchema = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: 'custom', message: 'not JSON' });
      return z.NEVER;
    }
  })
  .pipe(eventSchema);

/** An announcement that is not ours is null: whoever listens finds the truth in the row. */
export function parseAnnouncement(message: string): RunEvent | null {
  const parsed = announcementSchema.safeParse(message);
  return parsed.success ? parsed.data : null;
}
