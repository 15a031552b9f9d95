import { Logger } from '@nestjs/common';
import { type Broadcast } from '../platform/queue/broadcast.js';
import { ProgressMeter } from './progress-meter.js';
import { RunDeadlineExceeded, RunStopped } from './run-errors.js';
import { eventOf, parseAnnouncement, runChannel } from './run-events.js';
import { RunStatus, type Run, type RunProgress } from './run.js';
import { type RunChangesRepository } from './run-changes.repository.js';

/** Progress is told at most so often, and the lease renewed at least so often as a part of its length. */
const BEAT_MS = 1000;
const BEATS_PER_LEASE = 3;

/**
 * The hold that a worker has on a run while it works: keeps the lease, tells the progress, and aborts the work when the
 * run is cancelled, overdue, or taken away.
 */
export class Attempt {
  readonly meter = new ProgressMeter();
  /** By the clock of this process. */
  readonly deadlineAt: Date | null;
  private readonly logger = new Logger(Attempt.name);
  private readonly controller = new AbortController();
  private readonly unsubscribe: () => void;
  private readonly timer: NodeJS.Timeout;
  private readonly deadline: NodeJS.Timeout;
  private told: RunProgress | null = null;
  private renewedAt = Date.now();
  private beating = false;
  /** A cancel may have been announced while nobody listened. */
  private mayHaveMissed = false;

  constructor(
    readonly run: Run,
    private readonly leaseSeconds: number,
    private readonly changes: RunChangesRepository,
    private readonly broadcast: Broadcast,
  ) {
    this.unsubscribe = broadcast.subscribe(
      runChannel(run.id),
      (message) => {
        if (parseAnnouncement(message)?.data.status === RunStatus.Cancelling) this.stop(new RunStopped('cancelled'));
      },
      () => {
        this.mayHaveMissed = true;
      },
    );
    this.timer = setInterval(() => void this.beat(), BEAT_MS);
    const left = changes.timeLeft(run);
    this.deadlineAt = Number.isFinite(left) ? new Date(Date.now() + left) : null;
    this.deadline = setTimeout(
      () => {
        this.stop(new RunDeadlineExceeded(run.timeoutSeconds));
      },
      Math.min(left, 2 ** 31 - 1),
    );
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  stop(reason: RunStopped | RunDeadlineExceeded): void {
    this.controller.abort(reason);
  }

  end(): void {
    clearInterval(this.timer);
    clearTimeout(this.deadline);
    this.unsubscribe();
  }

  /** Writes when there is news or the lease wants it. The answer shows a cancel whose announcement was lost. */
  private async beat(): Promise<void> {
    const progress = this.meter.current();
    const news = progress === this.told ? null : progress;
    const leaseIsDue = Date.now() - this.renewedAt >= (this.leaseSeconds * 1000) / BEATS_PER_LEASE;
    if (this.beating || (news === null && !leaseIsDue && !this.mayHaveMissed)) return;
    this.beating = true;
    this.mayHaveMissed = false;
    try {
      const row = await this.changes.renew(this.run, this.leaseSeconds, news);
      this.renewedAt = Date.now();
      if (row === null) this.stop(new RunStopped('fenced'));
      else if (row.status === RunStatus.Cancelling) this.stop(new RunStopped('cancelled'));
      if (row !== null && news !== null) {
        this.told = news;
        const now = { ...this.run, status: row.status, revision: row.revision, progress: news };
        await this.broadcast.publish(runChannel(this.run.id), JSON.stringify(eventOf(now, 'progress')));
      }
    } catch (error) {
      this.logger.warn({ err: error, msg: `could not renew the lease of run ${this.run.id}` });
      // Beyond its lease the run may be somebody else's: working on would be for nothing.
      if (Date.now() - this.renewedAt > this.leaseSeconds * 1000) this.stop(new RunStopped('fenced'));
    } finally {
      this.beating = false;
    }
  }
}
