import { Injectable, Logger } from '@nestjs/common';
import { actAs } from '../common/actor.js';
import { Clock } from '../common/clock.js';
import { AppError, ErrorCode } from '../common/errors.js';
import { FiringsRepository, type ScheduledFiring } from './firings.repository.js';
import { ScheduleRequests } from './schedule-requests.js';
import { FiringOutcome, type Firing } from './schedule.js';
import { SchedulesRepository } from './schedules.repository.js';

/** Trouble that comes again for so long does not pass by itself. */
const GIVE_UP_MS = 3_600_000;

/** Makes the run of a pending firing: exactly one, whoever starts it and how often. */
@Injectable()
export class FiringStarter {
  private readonly logger = new Logger(FiringStarter.name);

  constructor(
    private readonly firings: FiringsRepository,
    private readonly schedules: SchedulesRepository,
    private readonly requests: ScheduleRequests,
    private readonly clock: Clock,
  ) {}

  /**
   * Creates the run of a firing. A refused body makes the firing `failed`, and pauses a schedule whose definition is gone. With trouble
   * that may pass the firing stays pending for `resume`. Null if the schedule was deleted meanwhile.
   */
  async start({ schedule, firing }: ScheduledFiring): Promise<Firing | null> {
    const { owner } = schedule;
    const key = `schedule:${schedule.id}:${firing.occurrence.toISOString()}`;
    try {
      const actor = { type: 'schedule', id: schedule.id, address: null, requestId: firing.id } as const;
      const run = await actAs(actor, async () => {
        const origin = { owner, requestId: firing.id, traceparent: null };
        return await this.requests.create(origin, schedule, { at: firing.occurrence, key });
      });
      return await this.settle(firing, run.id);
    } catch (error) {
      return await this.refused({ schedule, firing }, error);
    }
  }

  /** Goes on with a firing that another process may have started without living to note it. */
  async resume(pending: ScheduledFiring): Promise<Firing | null> {
    const runId = await this.firings.runOf(pending);
    return runId === null ? await this.start(pending) : await this.settle(pending.firing, runId);
  }

  private async settle({ id, detail }: Firing, runId: string): Promise<Firing | null> {
    return await this.firings.settle(id, { outcome: FiringOutcome.Started, runId, detail });
  }

  private async refused({ schedule, firing }: ScheduledFiring, error: unknown): Promise<Firing | null> {
    if (mayPass(error) && this.clock.now().getTime() - firing.firedAt.getTime() < GIVE_UP_MS) {
      this.logger.warn({ err: error, msg: `firing ${firing.id} could not be started; it is tried again` });
      return firing;
    }
    const detail = wordsOf(error);
    const failed = await this.firings.settle(firing.id, { outcome: FiringOutcome.Failed, runId: null, detail });
    const obstacle = await this.requests.obstacle(schedule.owner, schedule);
    if (obstacle !== null) await this.schedules.pauseBecause(schedule, obstacle);
    return failed;
  }
}

/** Another body under the key is no refusal: the schedule was changed after its run had been created, which `resume` finds. */
function mayPass(error: unknown): boolean {
  return !(error instanceof AppError) || error.retryable || error.code === ErrorCode.IdempotencyKeyReused;
}

function wordsOf(error: unknown): string {
  if (!(error instanceof AppError)) return 'The run could not be created for an hour.';
  const places = error.places.map(({ pointer = '', detail }) => `${pointer} ${detail}`.trim());
  return [error.message, ...places].join(' ');
}
