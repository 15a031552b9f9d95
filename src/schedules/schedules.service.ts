import { Injectable } from '@nestjs/common';
import { v5 as uuidv5, v7 as uuidv7 } from 'uuid';
import { Clock } from '../common/clock.js';
import { ValidationFailed } from '../common/errors.js';
import { CronTimes } from './cron-times.js';
import { FiringStarter } from './firing-starter.js';
import { FiringsRepository, type ScheduledFiring } from './firings.repository.js';
import { ScheduleNotFound } from './schedule-errors.js';
import { ScheduleRequests } from './schedule-requests.js';
import { FiringOutcome, type Firing, type Schedule, type ScheduleSettings } from './schedule.js';
import { SchedulesRepository, type ListQuery } from './schedules.repository.js';

/** Somebody else may change a schedule, or fire it in the same millisecond; so often it is tried again. */
const TRIES = 5;

/** What an owner can do with schedules. */
@Injectable()
export class SchedulesService {
  constructor(
    private readonly repository: SchedulesRepository,
    private readonly firings: FiringsRepository,
    private readonly requests: ScheduleRequests,
    private readonly starter: FiringStarter,
    private readonly clock: Clock,
  ) {}

  /** Throws `ValidationFailed` for a body that would be refused now, and `ScheduleExists`. */
  async create(owner: string, settings: ScheduleSettings): Promise<Schedule> {
    await this.requests.check(owner, settings, this.clock.now());
    return await this.repository.create(owner, settings, this.nextOf(settings));
  }

  /** Throws `ScheduleNotFound`. */
  async get(owner: string, id: string): Promise<Schedule> {
    const schedule = await this.repository.find(owner, id);
    if (!schedule) throw new ScheduleNotFound(id);
    return schedule;
  }

  async list(owner: string, query: ListQuery): Promise<Schedule[]> {
    return await this.repository.list(owner, query);
  }

  /**
   * Changes the settings to what `change` makes of them. Other times count from now on: nothing is missed that was not due before.
   * Throws `ScheduleNotFound`, `ScheduleExists`, and `ValidationFailed` for a body that would be refused now.
   */
  async change(owner: string, id: string, change: (now: ScheduleSettings) => ScheduleSettings): Promise<Schedule> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const current = await this.get(owner, id);
      const settings = change(current);
      // Its history leads to runs of the kind.
      if (settings.kind !== current.kind)
        throw ValidationFailed.at('/kind', 'cannot be changed: make another schedule');
      if (asksOtherwise(current, settings)) await this.requests.check(owner, settings, this.clock.now());
      const timing = firesOtherwise(current, settings) ? { nextAt: this.nextOf(settings) } : {};
      const changed = await this.repository.change(current, settings, timing);
      if (changed) return changed;
    }
    throw new Error(`the schedule ${id} changed too often to be changed`);
  }

  /** Pauses or resumes; what would have fired meanwhile is no misfire. May be repeated. */
  async enable(owner: string, id: string, enabled: boolean): Promise<Schedule> {
    const schedule = await this.get(owner, id);
    if (schedule.enabled === enabled) return schedule;
    return await this.change(owner, id, (settings) => ({ ...settings, enabled }));
  }

  /** With its history; the runs that it has started stay. Throws `ScheduleNotFound`. */
  async remove(owner: string, id: string): Promise<void> {
    if (!(await this.repository.remove(owner, id))) throw new ScheduleNotFound(id);
  }

  /**
   * Fires now, also while it is paused or its last run has not ended: somebody wants it. With a key the same request again is the same
   * firing. A body that is refused is a `failed` firing. Throws `ScheduleNotFound`.
   */
  async fire(owner: string, id: string, key: string | null): Promise<ScheduledFiring> {
    const schedule = await this.get(owner, id);
    const firing = await this.addManual(schedule, key);
    if (firing.outcome !== FiringOutcome.Pending) return { schedule, firing };
    const settled = await this.starter.start({ schedule, firing });
    if (!settled) throw new ScheduleNotFound(id);
    return { schedule, firing: settled };
  }

  /** Newest first. Throws `ScheduleNotFound`. */
  async history(owner: string, id: string, { after, limit }: ListQuery): Promise<ScheduledFiring[]> {
    const schedule = await this.get(owner, id);
    return (await this.firings.list(id, after, limit)).map((firing) => ({ schedule, firing }));
  }

  private async addManual(schedule: Schedule, key: string | null): Promise<Firing> {
    const firingId = key === null ? uuidv7() : uuidv5(key, schedule.id);
    for (let tries = 0; tries < TRIES; tries += 1) {
      const known = key === null ? null : await this.firings.find(firingId);
      if (known) return known;
      const now = this.clock.now().getTime() + tries;
      // Whole seconds are the clock's: an occurrence that finds its moment taken would not fire.
      const occurrence = new Date(now % 1000 === 0 ? now + 1 : now);
      const added = await this.firings.addManual(schedule, { id: firingId, occurrence });
      if (added) return added;
    }
    throw new Error(`the schedule ${schedule.id} was fired too often at the same moment`);
  }

  private nextOf({ enabled, cron, timeZone }: ScheduleSettings): Date | null {
    return enabled ? CronTimes.of(cron, timeZone).next(this.clock.now()) : null;
  }
}

function firesOtherwise(before: ScheduleSettings, after: ScheduleSettings): boolean {
  return before.cron !== after.cron || before.timeZone !== after.timeZone || before.enabled !== after.enabled;
}

function asksOtherwise(before: ScheduleSettings, after: ScheduleSettings): boolean {
  const asked = ({ body, timeZone }: ScheduleSettings): string => JSON.stringify([body, timeZone]);
  return asked(before) !== asked(after);
}
