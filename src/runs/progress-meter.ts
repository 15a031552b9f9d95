import { isDeepStrictEqual } from 'node:util';
import type { RunPhase, RunProgress } from './run.js';

/** Below this share an extrapolation would be a guess. */
const MIN_PERCENT_FOR_ETA = 3;
/** The rate is that of so many last milliseconds, and unknown before the first of them have been seen. */
const RATE_WINDOW_MS = 5000;
const MIN_RATE_MS = 500;
/** Samples closer to each other would add nothing but memory. */
const SAMPLE_MS = 250;

/** What the work says of itself; what it does not know is absent. */
export type ProgressDetail = Partial<Pick<RunProgress, 'percent' | 'rows' | 'pages' | 'bytes'>>;

interface Sample {
  at: number;
  rows: number;
}

/** Turns what the work reports into progress with the rate of the last seconds and an estimate of the time left in the phase. */
export class ProgressMeter {
  private phaseStartedAt = 0;
  private progress: RunProgress | null = null;
  /** Oldest first; the first one is as old as the window, or the first of the phase. */
  private samples: Sample[] = [];

  constructor(private readonly now: () => number = Date.now) {}

  report(phase: RunPhase, detail: ProgressDetail): void {
    if (this.progress?.phase !== phase) {
      this.phaseStartedAt = this.now();
      this.samples = [];
    }
    const percent = detail.percent ?? null;
    const rows = detail.rows ?? null;
    this.sample(rows);
    this.renew({
      phase,
      percent: percent === null ? null : Math.round(percent * 10) / 10,
      rows,
      pages: detail.pages ?? null,
      bytes: detail.bytes ?? null,
      rate: this.rate(rows),
      etaSeconds: this.eta(percent),
    });
  }

  /** The same object as long as there is no news. Work that stands still says nothing, but its rate falls. */
  current(): RunProgress | null {
    if (this.progress) this.renew({ ...this.progress, rate: this.rate(this.progress.rows) });
    return this.progress;
  }

  private renew(progress: RunProgress): void {
    if (!isDeepStrictEqual(progress, this.progress)) this.progress = progress;
  }

  private sample(rows: number | null): void {
    const newest = this.samples.at(-1);
    // Fewer rows than before are those of something else, such as the next file.
    if (rows === null || (newest && rows < newest.rows)) this.samples = [];
    if (rows === null || (newest && this.now() - newest.at < SAMPLE_MS && rows >= newest.rows)) return;
    this.samples.push({ at: this.now(), rows });
  }

  private rate(rows: number | null): number | null {
    const start = this.now() - RATE_WINDOW_MS;
    while (this.samples[1] && this.samples[1].at <= start) this.samples.shift();
    const [oldest] = this.samples;
    if (rows === null || !oldest) return null;
    const elapsed = this.now() - oldest.at;
    if (elapsed < MIN_RATE_MS) return null;
    const rate = ((rows - oldest.rows) / elapsed) * 1000;
    return rate < 10 ? Math.round(rate * 10) / 10 : Math.round(rate);
  }

  private eta(percent: number | null): number | null {
    if (percent === null || percent < MIN_PERCENT_FOR_ETA) return null;
    const elapsed = (this.now() - this.phaseStartedAt) / 1000;
    return Math.max(0, Math.round((elapsed * (100 - percent)) / percent));
  }
}
