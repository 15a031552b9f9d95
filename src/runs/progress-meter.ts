import { isDeepStrictEqual } from 'node:util';
import type { RunPhase, RunProgress } from './run.js';

/** Below this share an extrapolation would be a guess. */
const MIN_PERCENT_FOR_ETA = 3;

/** What the work says of itself; what it does not know is absent. */
export type ProgressDetail = Partial<Pick<RunProgress, 'percent' | 'rows' | 'pages' | 'bytes'>>;

/** Turns what the work reports into progress with an estimate of the time left in the phase. */
export class ProgressMeter {
  private phaseStartedAt = 0;
  private progress: RunProgress | null = null;

  constructor(private readonly now: () => number = Date.now) {}

  report(phase: RunPhase, detail: ProgressDetail): void {
    if (this.progress?.phase !== phase) this.phaseStartedAt = this.now();
    const percent = detail.percent ?? null;
    const progress = {
      phase,
      percent: percent === null ? null : Math.round(percent * 10) / 10,
      rows: detail.rows ?? null,
      pages: detail.pages ?? null,
      bytes: detail.bytes ?? null,
      rate: null,
      etaSeconds: this.eta(percent),
    };
    // The same object as long as there is no news.
    if (!isDeepStrictEqual(progress, this.progress)) this.progress = progress;
  }

  current(): RunProgress | null {
    return this.progress;
  }

  private eta(percent: number | null): number | null {
    if (percent === null || percent < MIN_PERCENT_FOR_ETA) return null;
    const elapsed = (this.now() - this.phaseStartedAt) / 1000;
    return Math.max(0, Math.round((elapsed * (100 - percent)) / percent));
  }
}
