const MINUTE = 60;
const HOUR = 3600;

/** What Standard Webhooks suggests: seconds between attempts, three days in all. */
const DELAYS = [5, 5 * MINUTE, 30 * MINUTE, ...[2, 5, 10, 14, 20, 24].map((hours) => hours * HOUR)];
/** Longest pause that a receiver may ask for. */
const MAX_ASKED_SECONDS = 24 * HOUR;
/** So that what failed together does not come back together. */
const JITTER = 0.2;

/** When a delivery is tried again. */
export class RetrySchedule {
  constructor(
    private readonly delays: readonly number[] = DELAYS,
    private readonly random: () => number = Math.random,
  ) {}

  /** Seconds until the next attempt after so many failures (from 1), at least those that the receiver asked for; null to give up. */
  next(failures: number, askedSeconds: number | null): number | null {
    const delay = this.delays[failures - 1];
    if (delay === undefined) return null;
    const asked = Math.min(askedSeconds ?? 0, MAX_ASKED_SECONDS);
    return Math.max(delay, asked) * (1 + JITTER * this.random());
  }
}
