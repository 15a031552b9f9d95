import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DueSchedulesRepository } from '../../src/schedules/due-schedules.repository.js';
import { ScheduleRequests } from '../../src/schedules/schedule-requests.js';
import { patchSchedule } from '../../src/schedules/schedule-spec.js';
import { Scheduler } from '../../src/schedules/scheduler.js';
import { NEVER, OWNER, SchedulesApp } from '../support/schedules-app.js';

let app: SchedulesApp;
beforeAll(async () => {
  app = await SchedulesApp.start(12, 2);
});
afterAll(() => app.stop());
beforeEach(() => app.clear());

describe('a process that dies', () => {
  /** Takes what is due as a process does that does not get any further, a minute ago. */
  async function claimAndDie(now: string) {
    app.clock.set(now);
    const at = app.clock.now();
    const plan = ({ nextAt }: { nextAt: Date }) => ({
      firings: [{ occurrence: nextAt, outcome: 'pending' as const, detail: null }],
      nextAt: new Date(nextAt.getTime() + 3_600_000),
    });
    const { firings } = await app.get(DueSchedulesRepository).claim(at, 10, plan);
    await app.sql.query(`UPDATE schedule_firings SET fired_at = now() - interval '1 minute'`);
    const [abandoned] = firings;
    if (!abandoned) throw new Error('nothing was due');
    return { ...abandoned, firing: { ...abandoned.firing, firedAt: new Date(Date.now() - 60_000) } };
  }

  const sweep = () => Promise.all([0, 1].map((process) => app.get(Scheduler, process).sweep(3600, NEVER)));

  it('between firing and run leaves the run to another one', async () => {
    const schedule = await app.create();
    await claimAndDie('2026-05-01T11:00:00Z');
    expect(await app.outcomes(schedule)).toEqual([['2026-05-01T11:00:00.000Z', 'pending']]);
    await sweep();
    expect(await app.outcomes(schedule)).toEqual([['2026-05-01T11:00:00.000Z', 'started']]);
    expect(await app.runs()).toHaveLength(1);
    await sweep();
    expect(await app.runs()).toHaveLength(1);
  });

  it('between run and note leaves no second run, whatever was changed meanwhile', async () => {
    const schedule = await app.create();
    const { firing } = await claimAndDie('2026-05-01T11:00:00Z');
    const key = `schedule:${schedule.id}:${firing.occurrence.toISOString()}`;
    const caller = { owner: OWNER, requestId: firing.id, traceparent: null };
    const run = await app.get(ScheduleRequests).create(caller, schedule, { at: firing.occurrence, key });
    const body = { report_name: 'two-list-sum', list_a: [7], list_b: [7], target: 14 };
    await app.schedules.change(OWNER, schedule.id, (settings) => patchSchedule(settings, { body }));
    await sweep();
    expect(await app.history(schedule)).toMatchObject([{ outcome: 'started', runId: run.id }]);
    expect(await app.runs()).toHaveLength(1);
  });

  it('leaves what is due and what was abandoned to others when it is told to stop', async () => {
    const schedule = await app.create();
    await claimAndDie('2026-05-01T11:00:00Z');
    const stopped = AbortSignal.abort();
    await app.get(Scheduler).sweep(3600, stopped);
    app.clock.set('2026-05-01T12:00:00Z');
    await app.get(Scheduler).tick(stopped);
    expect(await app.outcomes(schedule)).toEqual([['2026-05-01T11:00:00.000Z', 'pending']]);
  });

  it('leaves a firing that is young to the process that has it', async () => {
    const schedule = await app.create();
    await claimAndDie('2026-05-01T11:00:00Z');
    await app.sql.query('UPDATE schedule_firings SET fired_at = now()');
    await sweep();
    expect(await app.outcomes(schedule)).toEqual([['2026-05-01T11:00:00.000Z', 'pending']]);
  });
});
