import type { NewArtifact } from './artifact.js';
import type { ProgressDetail } from './progress-meter.js';
import type { Manifest, Run, RunPhase } from './run.js';

/** What the work of one attempt is given. */
export interface RunContext {
  readonly run: Run;
  /** Aborts on cancel, deadline, drain and loss of the lease; its reason says which. The work must stop and reject. */
  readonly signal: AbortSignal;
  /**
   * Aborts as soon as the worker is told to stop, `DRAIN_SECONDS` before `signal` does. Work that has kept how far it is ends
   * itself by throwing `RunStopped('drained')`, and goes on elsewhere; other work may use the time to end.
   */
  readonly draining: AbortSignal;
  /** When the run must have ended, by the clock of this process (the run's own is by that of the database); null for no limit. */
  readonly deadlineAt: Date | null;
  /** Private folder of this attempt, removed afterwards. */
  readonly directory: string;
  /** Where this attempt's files go in storage; ends with `/`. */
  readonly keyPrefix: string;
  /** Notes how far the phase is; cheap, may be called often. */
  readonly progress: (phase: RunPhase, detail?: ProgressDetail) => void;
}

/** What the work of a successful attempt hands back: everything is stored already. */
export interface RunOutcome {
  manifest: Manifest;
  artifact: NewArtifact | null;
}

export type RunWork = (context: RunContext) => Promise<RunOutcome>;

/** All files of a run are below this prefix, those of an attempt below the attempt's, and what attempts hand on in the pages. */
export const runPrefix = (runId: string): string => `runs/${runId}/`;
export const attemptPrefix = (runId: string, attempt: number): string => `${runPrefix(runId)}${String(attempt)}/`;
/**
 * Pages that a source has fetched, kept from attempt to attempt until the run has ended. Who stores one here then notes it in
 * `export_pages`, provided the run is running and has still the attempt, and removes the file again if it is not.
 */
export const pagesPrefix = (runId: string): string => `${runPrefix(runId)}pages/`;
