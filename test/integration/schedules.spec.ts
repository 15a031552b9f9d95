import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseSchedule, patchSchedule } from '../../src/schedules/schedule-spec.js';
import { Scheduler } from '../../src/schedules/scheduler.js';
import { aSchedule, NEVER, OWNER, SchedulesApp } from '../support/schedules-app.js';

/** Shows in its run which dates it was started with. */
const DATED = {
  name: 'dated',
  title: 'Dated',
  datasets: [],
  parameters: { seen: { 'x-type': 'range', of: 'date-time' }, day: { type: 'string', format: 'date' } },
  sql: `SELECT $day AS day WHERE in_range(now(), $seen)`,
};
const YESTERDAY = { report_name: 'dated', seen: { $gte: 'now-1d/d', $lt: 'now/d' }, day: 'now-1d' };

let app: SchedulesApp;
beforeAll(async () => {
  app = await SchedulesApp.start(11, 2);
});
afterAll(() => app.stop());
beforeEach(() => app.clear());

describe('many processes', () => {
  it('fire each of 200 occurrences once', async () => {
    const schedule = await app.create({ cron: '* * * * * *', overlap: 'queue' });
    for (let second = 1; second <= 200; second += 1) await app.tick(new Date(Date.UTC(2026, 4, 1, 10, 0, second)));
    const firings = await app.history(schedule);
    const runs = await app.runs();
    expect(firings).toHaveLength(200);
    expect(firings.every(({ outcome }) => outcome === 'started')).toBe(true);
    expect(new Set(firings.map(({ occurrence }) => occurrence.getTime())).size).toBe(200);
    expect(runs).toHaveLength(200);
    expect(new Set(firings.map(({ runId }) => runId))).toEqual(new Set(runs.map(({ id }) => id)));
  });

  it('share out schedules that are due at once', async () => {
    await Promise.all(Array.from({ length: 50 }, () => app.create()));
    await app.tick('2026-05-01T11:00:00Z');
    expect(await app.runs()).toHaveLength(50);
    await app.tick('2026-05-01T11:00:30Z');
    expect(await app.runs()).toHaveLength(50);
  });
});

describe('the nights when clocks change', () => {
  it.each([
    ['Europe/Berlin', '30 2 * * *', '2026-03-28T12:00', ['2026-03-29T01:00', '2026-03-30T00:30']],
    ['Europe/Berlin', '30 2 * * *', '2026-10-24T12:00', ['2026-10-25T00:30', '2026-10-26T01:30']],
    ['Europe/Berlin', '30 */2 * * *', '2026-10-24T23:00', ['2026-10-25T00:30', '2026-10-25T01:30', '2026-10-25T03:30']],
    ['America/New_York', '30 2 * * *', '2026-03-07T12:00', ['2026-03-08T07:00', '2026-03-09T06:30']],
    ['America/New_York', '30 1 * * *', '2026-10-31T12:00', ['2026-11-01T05:30', '2026-11-02T06:30']],
  ])('have their runs in %s: %s from %s', async (zone, cron, from, expected) => {
    app.clock.set(`${from}:00Z`);
    const begin = app.clock.now().getTime();
    const settings = parseSchedule(aSchedule({ cron, time_zone: zone, overlap: 'queue' }));
    const schedule = await app.schedules.create(OWNER, settings);
    const end = Date.parse(`${expected.at(-1) ?? ''}:00Z`) + 1_800_000;
    for (let time = begin; time <= end; time += 1_800_000) await app.tick(new Date(time));
    expect(await app.outcomes(schedule)).toEqual(expected.map((time) => [`${time}:00.000Z`, 'started']));
    expect(await app.runs()).toHaveLength(expected.length);
  });
});

describe('times that were missed', () => {
  it.each([
    ['are made up for with one run', 'run_once', 'started', 1],
    ['are noted only', 'skip', 'skipped_misfire', 0],
  ])('%s (%s)', async (_, misfire, outcome, runs) => {
    const schedule = await app.create({ misfire });
    await app.tick('2026-05-01T15:30:00Z');
    const [firing] = await app.history(schedule);
    expect(firing).toMatchObject({ outcome, occurrence: new Date('2026-05-01T15:00:00Z') });
    expect(firing?.detail).toMatch(/^No worker was there from 2026-05-01T11:00:00.000Z .* missed: 5\./);
    expect(await app.runs()).toHaveLength(runs);
    expect((await app.schedules.get(OWNER, schedule.id)).nextAt).toEqual(new Date('2026-05-01T16:00:00Z'));
  });
});

describe('a run that has not ended', () => {
  it('keeps the next one from starting', async () => {
    const schedule = await app.create({ overlap: 'skip' });
    for (const hour of [11, 12]) await app.tick(`2026-05-01T${String(hour)}:00:01Z`);
    await app.endRuns();
    await app.tick('2026-05-01T13:00:01Z');
    expect(await app.outcomes(schedule)).toEqual([
      ['2026-05-01T11:00:00.000Z', 'started'],
      ['2026-05-01T12:00:00.000Z', 'skipped_overlap'],
      ['2026-05-01T13:00:00.000Z', 'started'],
    ]);
    expect(await app.runs()).toHaveLength(2);
  });

  it('has the next one behind it', async () => {
    const schedule = await app.create({ overlap: 'queue' });
    for (const hour of [11, 12]) await app.tick(`2026-05-01T${String(hour)}:00:01Z`);
    expect((await app.outcomes(schedule)).map(([, outcome]) => outcome)).toEqual(['started', 'started']);
  });
});

describe('pausing', () => {
  it('keeps a schedule from firing, and makes up for nothing', async () => {
    const schedule = await app.create();
    expect(await app.schedules.enable(OWNER, schedule.id, false)).toMatchObject({ enabled: false, nextAt: null });
    await app.tick('2026-05-01T13:00:00Z');
    expect(await app.history(schedule)).toEqual([]);
    app.clock.set('2026-05-01T14:10:00Z');
    const resumed = await app.schedules.enable(OWNER, schedule.id, true);
    expect(resumed).toMatchObject({ enabled: true, nextAt: new Date('2026-05-01T15:00:00Z') });
    expect(await app.schedules.enable(OWNER, schedule.id, true)).toEqual(resumed);
    await app.tick('2026-05-01T15:00:00Z');
    expect(await app.outcomes(schedule)).toEqual([['2026-05-01T15:00:00.000Z', 'started']]);
  });
});

describe('changing', () => {
  it('counts other times from now on, and leaves the times otherwise', async () => {
    const { id } = await app.create();
    const patch = (json: unknown) => app.schedules.change(OWNER, id, (settings) => patchSchedule(settings, json));
    app.clock.set('2026-05-01T10:30:00Z');
    expect((await patch({ name: 'another name' })).nextAt).toEqual(new Date('2026-05-01T11:00:00Z'));
    expect((await patch({ time_zone: 'Asia/Kolkata' })).nextAt).toEqual(new Date('2026-05-01T11:30:00Z'));
    expect((await patch({ cron: '*/5 * * * *' })).nextAt).toEqual(new Date('2026-05-01T10:35:00Z'));
    await expect(patch({ kind: 'export' })).rejects.toMatchObject({ places: [{ pointer: '/kind' }] });
  });

  it('survives changes at the same moment', async () => {
    const { id } = await app.create();
    const changes = ['skip', 'queue', 'skip'].map((overlap) =>
      app.schedules.change(OWNER, id, (settings) => patchSchedule(settings, { overlap })),
    );
    await Promise.all(changes);
    expect((await app.schedules.get(OWNER, id)).revision).toBe(4);
  });
});

describe('relative dates', () => {
  it('count from the occurrence in the zone of the schedule, and the run shows them', async () => {
    await app.definitions.create(OWNER, DATED);
    await app.create({ cron: '0 6 * * *', time_zone: 'Europe/Berlin', body: YESTERDAY });
    await app.tick('2026-05-02T04:00:20Z');
    expect(await app.runs()).toMatchObject([
      {
        name: 'dated',
        parameters: { seen: { $gte: '2026-04-30T22:00:00Z', $lt: '2026-05-01T22:00:00Z' }, day: '2026-05-01' },
      },
    ]);
    await app.definitions.remove(OWNER, 'dated');
  });
});

describe('a definition that is deleted', () => {
  it('stops its schedules, which say why', async () => {
    await app.definitions.create(OWNER, { ...DATED, name: 'doomed' });
    const schedule = await app.create({ body: { ...YESTERDAY, report_name: 'doomed' } });
    await app.definitions.remove(OWNER, 'doomed');
    await app.tick('2026-05-01T11:00:00Z');
    const [firing] = await app.history(schedule);
    expect(firing).toMatchObject({ outcome: 'failed', runId: null });
    expect(firing?.detail).toMatch(/\/report_name There is no report definition doomed/);
    const paused = await app.schedules.get(OWNER, schedule.id);
    expect(paused).toMatchObject({ enabled: false, nextAt: null });
    expect(paused.pausedReason).toMatch(/There is no report definition doomed/);
    await app.tick('2026-05-01T12:00:00Z');
    expect(await app.history(schedule)).toHaveLength(1);
    // Another name is no answer to the reason; to be enabled is.
    const rename = { name: 'renamed' };
    const renamed = await app.schedules.change(OWNER, schedule.id, (settings) => ({ ...settings, ...rename }));
    expect(renamed).toMatchObject({ ...rename, enabled: false, pausedReason: paused.pausedReason });
    expect(await app.schedules.enable(OWNER, schedule.id, true)).toMatchObject({ enabled: true, pausedReason: null });
  });

  it('is only noted when the body is refused for another reason', async () => {
    await app.definitions.create(OWNER, { ...DATED, name: 'changed' });
    const schedule = await app.create({ body: { ...YESTERDAY, report_name: 'changed' } });
    await app.definitions.replace(OWNER, 'changed', {
      ...DATED,
      name: 'changed',
      parameters: {},
      sql: 'SELECT 1 AS one',
    });
    await app.tick('2026-05-01T11:00:00Z');
    const [firing] = await app.history(schedule);
    expect(firing).toMatchObject({ outcome: 'failed', detail: expect.stringContaining('/seen') });
    expect(await app.schedules.get(OWNER, schedule.id)).toMatchObject({ enabled: true, pausedReason: null });
  });
});

describe('deleting a schedule', () => {
  it('ends it with its history and leaves its runs', async () => {
    const schedule = await app.create();
    await app.tick('2026-05-01T11:00:00Z');
    await app.schedules.remove(OWNER, schedule.id);
    await app.tick('2026-05-01T12:00:00Z');
    expect(await app.runs()).toHaveLength(1);
    await expect(app.history(schedule)).rejects.toMatchObject({ code: 'schedule-not-found' });
    await expect(app.schedules.remove(OWNER, schedule.id)).rejects.toMatchObject({ code: 'schedule-not-found' });
  });
});

describe('firing by hand', () => {
  it('starts a run also while the schedule is paused, once per key', async () => {
    const schedule = await app.create({ enabled: false });
    const fire = (key: string | null) => app.schedules.fire(OWNER, schedule.id, key);
    const same = await Promise.all([fire('k'), fire('k'), fire('k')]);
    expect(new Set(same.map(({ firing }) => firing.id)).size).toBe(1);
    expect(await app.runs()).toHaveLength(1);
    const others = await Promise.all([fire(null), fire(null), fire('l')]);
    expect(others.map(({ firing }) => [firing.trigger, firing.outcome])).toEqual(Array(3).fill(['manual', 'started']));
    expect(await app.runs()).toHaveLength(4);
  });
});

describe('firing by hand at the moment of an occurrence', () => {
  it('leaves the occurrence to the clock', async () => {
    const schedule = await app.create({ overlap: 'queue' });
    app.clock.set('2026-05-01T11:00:00Z');
    await app.schedules.fire(OWNER, schedule.id, null);
    await app.tick('2026-05-01T11:00:00Z');
    expect((await app.history(schedule)).map(({ trigger, outcome }) => [trigger, outcome])).toEqual([
      ['manual', 'started'],
      ['clock', 'started'],
    ]);
  });
});

describe('a body with a secret', () => {
  it('is not kept', async () => {
    const source = { type: 'database', url: 'postgresql://me:hunter2@db/shop', query: 'SELECT 1' };
    const created = app.create({ kind: 'export', body: { source } });
    await expect(created).rejects.toMatchObject({
      places: [{ pointer: '/body/source/url', detail: expect.stringContaining('connection') }],
    });
    expect(await app.schedules.list(OWNER, { after: null, limit: 10 })).toEqual([]);
  });
});

describe('owners', () => {
  it('do not see each other, and may use the same names', async () => {
    const schedule = await app.create({ name: 'nightly' });
    await expect(app.schedules.get('bob', schedule.id)).rejects.toMatchObject({ code: 'schedule-not-found' });
    await expect(app.schedules.remove('bob', schedule.id)).rejects.toMatchObject({ code: 'schedule-not-found' });
    await expect(app.create({ name: 'nightly' })).rejects.toMatchObject({ code: 'schedule-exists' });
    await app.schedules.create('bob', parseSchedule(aSchedule({ name: 'nightly' })));
    expect(await app.schedules.list('bob', { after: null, limit: 10 })).toHaveLength(1);
  });
});

describe('old history', () => {
  it('is forgotten, but not what is pending', async () => {
    const schedule = await app.create();
    for (const hour of [11, 12]) await app.tick(`2026-05-01T${String(hour)}:00:01Z`);
    await app.sql.query(`UPDATE schedule_firings SET fired_at = now() - interval '2 hours' WHERE outcome = 'started'`);
    await app.get(Scheduler).sweep(3600, NEVER);
    expect((await app.outcomes(schedule)).map(([, outcome]) => outcome)).toEqual(['skipped_overlap']);
  });
});
