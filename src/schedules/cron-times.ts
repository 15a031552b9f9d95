import { Cron } from 'croner';

const FIELDS = /^[\d*,/#+A-Za-z-]+(?: [\d*,/#+A-Za-z-]+){4,5}$/;
/** A first window to look for the last occurrence in; it is doubled until there is one. */
const FIRST_WINDOW_MS = 60_000;

/**
 * The moments that a cron expression names in a time zone. When clocks go forward, a fixed time in the gap fires at the first moment
 * after it; when they go back, a fixed time fires in the first of the two hours only. An expression whose minute or hour has a `*`
 * follows the clock on the wall instead: nothing fires in the gap, and the doubled hour fires twice.
 */
export class CronTimes {
  private constructor(private readonly cron: Cron) {}

  /** Null, or why the expression cannot be used. */
  static problemOf(expression: string): string | null {
    if (!FIELDS.test(normalise(expression))) {
      return 'must have five fields (minute hour day month weekday), or six with seconds first, for example "0 6 * * 1-5"';
    }
    try {
      return CronTimes.of(expression, 'UTC').next(new Date(0)) === null ? 'names no moment that ever comes' : null;
    } catch (error) {
      if (error instanceof TypeError || error instanceof RangeError) return wordsOf(error);
      throw error;
    }
  }

  /** Of an expression and an IANA zone that are known to be good. */
  static of(expression: string, timeZone: string): CronTimes {
    const options = { timezone: timeZone, paused: true, mode: '5-or-6-parts', fixedTimeRule: 'no-wildcard' } as const;
    return new CronTimes(new Cron(normalise(expression), options));
  }

  /** The first moment after another one; null if there is none. */
  next(after: Date): Date | null {
    return this.cron.nextRun(after);
  }

  upcoming(after: Date, count: number): Date[] {
    return this.cron.nextRuns(count, after);
  }

  /** The last moment from `first`, which is one, up to `until`. */
  latest(first: Date, until: Date): Date {
    let latest = first;
    for (let window = FIRST_WINDOW_MS; ; window *= 2) {
      const from = new Date(Math.max(first.getTime(), until.getTime() - window));
      let next = this.next(from);
      if (next !== null && next <= until) {
        while (next !== null && next <= until) {
          latest = next;
          next = this.next(next);
        }
        return latest;
      }
      if (from <= first) return first;
    }
  }
}

const normalise = (expression: string): string => expression.trim().replaceAll(/\s+/g, ' ');

function wordsOf(error: Error): string {
  return `is no cron expression: ${error.message.replace(/^CronPattern: /, '')}`;
}
