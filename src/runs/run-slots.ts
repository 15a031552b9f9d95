import { Logger } from '@nestjs/common';
import { SweepTimer } from '../platform/queue/sweep-timer.js';
import type { Claim } from './run-claims.repository.js';
import type { Run } from './run.js';

/** How often free places look for work, whether somebody said that there is some or not. */
const LOOK_SECONDS = 1;

export interface RunSlotsOptions {
  /** What the log calls the runs. */
  name: string;
  concurrency: number;
  longRunSeconds: number;
  /** Takes the next run; null if there is none. */
  claim: (shortOnly: boolean) => Promise<Claim | null>;
  /** Sees a run that was taken to its end. */
  work: (run: Run) => Promise<void>;
}

/**
 * The places that a worker has for runs of one kind. One that becomes free looks for the next run at once. Where there are two or
 * more, long runs leave one to others; if runs of which nobody knew have filled them all and turn out long, there is one more.
 */
export class RunSlots {
  private readonly logger = new Logger(RunSlots.name);
  private readonly busy = new Set<{ long: boolean; since: number }>();
  private readonly stopped = Promise.withResolvers<undefined>();
  private freed = Promise.withResolvers<undefined>();
  private timer: SweepTimer | undefined;
  private filling: Promise<void> | undefined;
  private asked = false;
  private closed = false;

  constructor(private readonly options: RunSlotsOptions) {}

  start(): void {
    this.timer = new SweepTimer(`taking ${this.options.name}`, LOOK_SECONDS, async () => this.fill());
    this.look();
  }

  /**
   * Says that there is work. Resolves when there was room and it was looked for; rejects if that failed. After `close` it resolves
   * with `stop`, so that a job is not spent on a worker that takes nothing.
   */
  async offer(): Promise<void> {
    while (!this.closed && this.room === 'none') await this.freed.promise;
    await (this.closed ? this.stopped.promise : this.fill());
  }

  /** Nothing more is taken, but what is being taken just now. */
  close(): void {
    this.closed = true;
    this.free();
  }

  /** Resolves when nothing will be taken any more. What is in work goes on. */
  async stop(): Promise<void> {
    this.close();
    this.stopped.resolve(undefined);
    await Promise.allSettled([this.timer?.stop(), this.filling]);
  }

  private get room(): 'any' | 'short' | 'none' {
    const { concurrency, longRunSeconds } = this.options;
    const longSince = Date.now() - longRunSeconds * 1000;
    const long = [...this.busy].filter((run) => run.long || run.since < longSince).length;
    const full = this.busy.size >= concurrency;
    if (concurrency === 1) return full ? 'none' : 'any';
    if (full) return this.busy.size === concurrency && long === concurrency ? 'short' : 'none';
    return long < concurrency - 1 ? 'any' : 'short';
  }

  private look(): void {
    this.fill().catch((error: unknown) => {
      this.logger.error({ err: error, msg: `could not take ${this.options.name}; it is tried again` });
    });
  }

  /** One at a time, so that no place is given twice. Who asks meanwhile may know of work that was not there a moment ago. */
  private async fill(): Promise<void> {
    this.asked = true;
    this.filling ??= this.fillNow().finally(() => {
      this.filling = undefined;
    });
    await this.filling;
  }

  private async fillNow(): Promise<void> {
    while (this.asked && !this.closed && this.room !== 'none') {
      this.asked = false;
      const claim = await this.options.claim(this.room === 'short');
      if (!claim) continue;
      this.asked = true;
      void this.work(claim);
    }
  }

  private async work({ run, long }: Claim): Promise<void> {
    const place = { long, since: Date.now() };
    this.busy.add(place);
    try {
      await this.options.work(run);
    } catch (error) {
      this.logger.error({ err: error, msg: `run ${run.id} is left to its lease; the sweep sees to it` });
    } finally {
      this.busy.delete(place);
      this.free();
      this.look();
    }
  }

  private free(): void {
    this.freed.resolve(undefined);
    this.freed = Promise.withResolvers<undefined>();
  }
}
