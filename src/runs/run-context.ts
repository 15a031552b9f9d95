import type { NewArtifact } from './artifact.js';
import type { ProgressDetail } from './progress-meter.js';
import type { Manifest, Run, RunPhase } from './run.js';

/** What the work of one attempt is given. */
export interface RunContext {
  readonly run: Run;
  /** Aborts on cancel, deadline, drain and loss of the lease; its reason says which. The work must stop and reject. */
  readonly signal: AbortSignal;
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

/** All files of a run are below this prefix, those of an attempt below the attempt's. */
export const runPrefix = (runId: string): string => `runs/${runId}/`;
export const attemptPrefix = (runId: string, attempt: number): string => `${runPrefix(runId)}${String(attempt)}/`;
