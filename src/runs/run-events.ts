import { z } from 'zod';
import { RunStatus, type Run } from './run.js';
import { isTerminal } from './run-state.js';

/** One change of a run as its subscribers see it. `id` is the run's revision: it only grows. */
export interface RunEvent {
  id: number;
  type: 'status' | 'progress';
  data: RunEventData;
}

/** Wire form (snake_case): it is sent to clients as it is. */
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

export function eventOf(run: Run, type: RunEvent['type']): RunEvent {
  const { progress } = run;
  return {
    id: run.revision,
    type,
    data: {
      status: run.status,
      terminal: isTerminal(run.status),
      attempt: run.attempt,
      ...(progress && {
        progress: {
          phase: progress.phase,
          percent: progress.percent,
          rows: progress.rows,
          pages: progress.pages,
          eta_seconds: progress.etaSeconds,
        },
      }),
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
