import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { CronTimes } from './cron-times.js';
import { DueSchedulesRepository, type Due } from './due-schedules.repository.js';
import { FiringStarter } from './firing-starter.js';
import { FiringsRepository } from './firings.repository.js';
import { planFirings, type Plan } from './occurrences.js';

/** How many schedules one transaction takes. */
const BATCH = 20;
/** How many abandoned firings one sweep takes up: enough that those which cannot start yet do not hide the others. */
const SWEEP_BATCH = 500;
/** One statement removes them: more than are written between two sweeps, so that there is no backlog. */
const HISTORY_BATCH = 10_000;
/** A process that lives needs much less from the firing to its run. */
const ABANDONED_SECONDS = 10;

/** Fires what is due. Any number of processes may do so at once. */
@Injectable()
export class Scheduler {
  private readonly logger = new Logger(Scheduler.name);

  constructor(
    private readonly due: DueSchedulesRepository,
    private readonly firings: FiringsRepository,
    private readonly starter: FiringStarter,
    private readonly clock: Clock,
  ) {}

  /** Starts everything that is due now and that no other process has taken, until the signal aborts. */
  async tick(signal: AbortSignal): Promise<void> {
    const now = this.clock.now();
    if (!(await this.due.anyDue(now))) return;
    for (let claimed = BATCH; claimed === BATCH && !signal.aborted;) {
      const taken = await this.due.claim(now, BATCH, (due) => this.plan(due, now));
      for (const firing of taken.firings) await this.starter.start(firing);
      ({ claimed } = taken);
    }
  }

  /** Starts what processes that died have left pending, and forgets history that is old. An abort leaves the rest to others. */
  async sweep(historySeconds: number, signal: AbortSignal): Promise<void> {
    const abandoned = await this.firings.pending(ABANDONED_SECONDS, SWEEP_BATCH);
    for (const firing of abandoned) {
      if (signal.aborted) return;
      await this.starter.resume(firing);
    }
    await this.firings.removeOld(historySeconds, HISTORY_BATCH);
  }

  /** One schedule that cannot be read must not keep the others from firing. */
  private plan({ schedule, nextAt, isBusy }: Due, now: Date): Plan {
    const { misfire, overlap, cron, timeZone } = schedule;
    try {
      return planFirings({ misfire, overlap, nextAt, isBusy }, CronTimes.of(cron, timeZone), now);
    } catch (error) {
      this.logger.error({ err: error, msg: `schedule ${schedule.id} cannot be read any more; it stops firing` });
      return { firings: [], nextAt: null };
    }
  }
}
