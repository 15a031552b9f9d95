import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runReport, type Row } from '../../test/support/report-runner.js';
import {
  ReferenceStore,
  WINDOWS,
  type Interval,
  type Poll,
  type Store,
} from '../../test/support/store-uptime-reference.js';

const MINUTE = 60_000_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const micros = (text: string) => Date.parse(text) * 1000;
const timeText = (value: number) => {
  const seconds = Math.floor(value / 1_000_000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
};

/** A SELECT of the rows, or of none with the same columns. */
const select = (columns: string, rows: readonly string[]) =>
  `SELECT * FROM (VALUES ${rows.length > 0 ? rows.join(', ') : `(${columns.replace(/[^,]+/g, 'NULL')})`}) AS t(${columns}) ${rows.length > 0 ? '' : 'LIMIT 0'}`;

function tablesOf(stores: readonly Store[]): Record<string, string> {
  const polls = stores.flatMap(({ id, polls: list }) =>
    list.map(({ at, isUp }) => `(${id}::BIGINT, '${isUp ? 'active' : 'inactive'}', make_timestamptz(${String(at)}))`),
  );
  const hours = stores.flatMap(({ id, hours: list }) =>
    list.map(({ day, start, end }) => `(${id}, ${String(day)}, TIME '${timeText(start)}', TIME '${timeText(end)}')`),
  );
  const zones = stores.filter(({ zone }) => zone !== null).map(({ id, zone }) => `(${id}, '${String(zone)}')`);
  return {
    store_status: select('store_id, status, timestamp_utc', polls),
    business_hours: select('store_id, day, start_time_local, end_time_local', hours),
    timezones: select('store_id, timezone_str', zones),
  };
}

const run = (stores: readonly Store[], parameters: unknown = {}) =>
  runReport('store-uptime', { tables: tablesOf(stores), parameters, timeZone: 'Asia/Kathmandu' });

const hundredths = (value: number, unit: number) => Math.round(value / (unit / 100)) / 100;

function expected(store: Store, now: number, mode: string): Row {
  const reference = new ReferenceStore(store, mode === 'in_hours');
  const [hour, day, week] = [WINDOWS.hour, WINDOWS.day, WINDOWS.week].map((length) =>
    reference.uptime(now - length, now),
  );
  return {
    store_id: BigInt(store.id),
    uptime_last_hour: hundredths(hour!.up, MINUTE),
    uptime_last_day: hundredths(day!.up, HOUR),
    uptime_last_week: hundredths(week!.up, HOUR),
    downtime_last_hour: hundredths(hour!.down, MINUTE),
    downtime_last_day: hundredths(day!.down, HOUR),
    downtime_last_week: hundredths(week!.down, HOUR),
    polls_counted: BigInt(reference.pollsCounted),
  };
}

const everyDay = (start: number, end: number): Interval[] => [0, 1, 2, 3, 4, 5, 6].map((day) => ({ day, start, end }));
const store = (overrides: Partial<Store>): Store => ({ id: '1', zone: 'UTC', hours: [], polls: [], ...overrides });
const poll = (text: string, isUp = true): Poll => ({ at: micros(text), isUp });

describe('store-uptime', () => {
  it('answers the golden case: 135 minutes up, 45 down', async () => {
    const golden = store({
      hours: everyDay(9 * HOUR, 12 * HOUR),
      polls: [poll('2023-01-25T10:14:00Z'), poll('2023-01-25T11:15:00Z', false)],
    });
    const [row] = await run([golden], { now: '2023-01-25T12:00:00Z' });
    expect(row).toMatchObject({ uptime_last_day: 135 / 60, downtime_last_day: 45 / 60, polls_counted: 2n });
    expect(row).toMatchObject({ uptime_last_hour: 15, downtime_last_hour: 45 });
  });

  it('skips the hour that a spring night lacks and counts the one that an autumn night has twice', async () => {
    const night = everyDay(HOUR, 4 * HOUR);
    const berlin = { zone: 'Europe/Berlin', hours: night };
    const spring = store({ ...berlin, polls: [poll('2023-03-26T00:30:00Z')] });
    const [short] = await run([spring], { now: '2023-03-26T12:00:00Z' });
    expect(short).toMatchObject({ uptime_last_day: 2, uptime_last_week: 20 });
    const autumn = store({ ...berlin, polls: [poll('2023-10-29T00:30:00Z')] });
    const [long] = await run([autumn], { now: '2023-10-29T12:00:00Z' });
    expect(long).toMatchObject({ uptime_last_day: 4, uptime_last_week: 22 });
  });

  it('takes ends literally: 23:59:59 leaves a second, a poll at the end is outside', async () => {
    const hours = everyDay(0, DAY - 1_000_000);
    const polls = [poll('2023-01-25T12:00:00Z')];
    const [row] = await run([store({ hours, polls })], { now: '2023-01-26T00:00:30Z' });
    expect(row).toMatchObject({ uptime_last_hour: 59.98 });
    const atEnd = store({ hours: everyDay(9 * HOUR, 12 * HOUR), polls });
    expect((await run([atEnd]))[0]).toMatchObject({ polls_counted: 0n, uptime_last_week: 0, downtime_last_week: 0 });
    expect((await run([atEnd], { interpolation: 'all_polls' }))[0]).toMatchObject({
      polls_counted: 1n,
      uptime_last_day: 3,
    });
  });

  it('counts overlapping intervals once, one over midnight on both days, and closes the other weekdays', async () => {
    const hours = [
      { day: 2, start: 22 * HOUR, end: 2 * HOUR },
      { day: 2, start: 23 * HOUR, end: 3 * HOUR },
      { day: 3, start: HOUR, end: 4 * HOUR },
    ];
    const [row] = await run([store({ hours, polls: [poll('2023-01-26T00:00:00Z', false)] })], {
      now: '2023-01-28T00:00:00Z',
    });
    expect(row).toMatchObject({ downtime_last_week: 6, downtime_last_day: 0 });
  });

  it('is open all the time without hours, in Chicago without a readable zone, down when polls of one instant differ', async () => {
    const at = '2023-01-25T12:00:00Z';
    const rows = await run(
      [
        store({ id: '1', zone: 'Mars/Base', hours: everyDay(0, 6 * HOUR), polls: [poll(at)] }),
        store({ id: '2', zone: null, polls: [poll(at), poll(at, false)] }),
        store({ id: '3', polls: [poll(at), poll('2023-01-25T06:00:00Z', false)] }),
      ],
      { now: at, interpolation: 'all_polls' },
    );
    expect(rows.map((row) => [row['uptime_last_day'], row['downtime_last_day'], row['uptime_last_hour']])).toEqual([
      [6, 0, 60],
      [0, 24, 0],
      [0, 24, 0],
    ]);
  });

  it('picks stores by ids beyond 2^53 and keeps their digits; now stays the newest poll of all', async () => {
    const ids = ['9007199254740993', '9007199254740992', '8419537941919820732'];
    const stores = ids.map((id, index) => store({ id, polls: [poll(`2023-01-2${String(index)}T00:00:00Z`)] }));
    const rows = await run(stores, { store_ids: { include: ids.slice(0, 1) } });
    expect(rows).toEqual([expected(stores[0]!, micros('2023-01-22T00:00:00Z'), 'in_hours')]);
    expect(rows[0]?.['store_id']).toBe(9007199254740993n);
    const others = await run(stores, { store_ids: { exclude: [ids[0]] } });
    expect(others.map((row) => String(row['store_id']))).toEqual([ids[1], ids[2]]);
  });

  it('reads columns that came as text, and leaves out what is no poll', async () => {
    const tables = {
      store_status: select('store_id, status, timestamp_utc', [
        `('10', 'active', '2023-01-25 12:00:00.5 UTC')`,
        `('9', 'Inactive ', '2023-01-25 11:00:00')`,
        `('9', 'unknown', '2023-01-25 11:30:00')`,
        `('9', 'active', 'yesterday')`,
        `('8', 'active', '0001-01-01 00:00:00')`,
        `(NULL, 'active', '2023-01-25 11:00:00')`,
      ]),
      business_hours: select('store_id, day, start_time_local, end_time_local', [
        `('10', '2', '09:00:00', '24:00:00')`,
        `('9', 'x', '09:00:00', '10:00:00')`,
      ]),
      timezones: select('store_id, timezone_str', [`(10, 'UTC')`]),
    };
    const rows = await runReport('store-uptime', { tables, timeZone: 'Asia/Kathmandu' });
    expect(
      rows.map((row) => [row['store_id'], row['uptime_last_day'], row['downtime_last_day'], row['polls_counted']]),
    ).toEqual([
      ['9', 0, 24, 1n],
      ['10', 3, 0, 1n],
    ]);
  });

  it('answers for a now far from the polls, and refuses one out of reach', async () => {
    const far = store({ hours: everyDay(9 * HOUR, 10 * HOUR), polls: [poll('2023-01-25T09:30:00Z', false)] });
    expect((await run([far], { now: '2090-01-01T00:00:00Z' }))[0]).toMatchObject({ downtime_last_week: 7 });
    expect((await run([far], { now: '1980-01-01T00:00:00Z' }))[0]).toMatchObject({ downtime_last_week: 7 });
    await expect(run([far], { now: '9999-01-01T00:00:00Z' })).rejects.toThrow('1970 to 2099');
  });

  it('is exact to the microsecond before it rounds', async () => {
    const down = poll('2023-01-25T00:00:00Z', false);
    const at = (instant: string) => run([store({ polls: [down, poll(instant)] })], { now: '2023-01-25T12:00:00Z' });
    expect((await at('2023-01-25T11:59:59.700Z'))[0]).toMatchObject({ uptime_last_hour: 0.01 });
    const late = { at: micros('2023-01-25T11:59:59.700Z') + 1, isUp: true };
    const [row] = await run([store({ polls: [down, late] })], { now: '2023-01-25T12:00:00Z' });
    expect(row).toMatchObject({ uptime_last_hour: 0, downtime_last_hour: 60 });
  });

  /** Nights of a change of clock: New York, Berlin and (half an hour) Lord Howe, both ways. */
  const nights = ['2023-03-12', '2023-11-05', '2023-03-26', '2023-10-29', '2023-04-01', '2023-09-30'];
  const zones = ['America/New_York', 'Europe/Berlin', 'Australia/Lord_Howe', 'Mars/Base', null];
  const dayTimes = ['00:00:00', '01:30:00', '02:00:00', '02:15:00', '03:00:00', '09:00:00', '17:45:10', '23:59:59'];
  const dayTime = fc.constantFrom(...dayTimes).map((text) => micros(`1970-01-01T${text}Z`));
  const interval = fc.record({ day: fc.nat(6), start: dayTime, end: dayTime });
  const scenario = fc
    .record({
      night: fc.constantFrom(...nights),
      shift: fc.integer({ min: -30, max: 60 }),
      mode: fc.constantFrom('in_hours', 'all_polls'),
    })
    .chain(({ night, shift, mode }) => {
      const now = micros(`${night}T00:00:00Z`) + shift * HOUR + 1;
      const at = fc.oneof(
        fc.integer({ min: now - 10 * DAY, max: now + DAY }),
        fc.integer({ min: -40, max: 4 }).map((quarters) => now - 1 + quarters * 15 * MINUTE),
      );
      const polls = fc.array(fc.record({ at, isUp: fc.boolean() }), { minLength: 1, maxLength: 12 });
      const zone = fc.constantFrom(...zones);
      const stores = fc.array(fc.record({ zone, hours: fc.array(interval, { maxLength: 12 }), polls }), {
        minLength: 1,
        maxLength: 6,
      });
      return stores.map((list) => ({
        now,
        mode,
        stores: list.map((item, index): Store => ({ id: String(index + 1), ...item })),
      }));
    });

  it(
    'agrees with the point-by-point reference on random stores around changes of clock',
    { timeout: 120_000 },
    async () => {
      const numRuns = Number(process.env['UPTIME_RUNS'] ?? 25);
      await fc.assert(
        fc.asyncProperty(scenario, async ({ now, mode, stores }) => {
          const [instant, micro] = [
            new Date(Math.floor(now / 1000)).toISOString().slice(0, -1),
            String(now % 1000).padStart(3, '0'),
          ];
          const rows = await run(stores, { now: `${instant}${micro}Z`, interpolation: mode });
          expect(rows).toEqual(stores.map((item) => expected(item, now, mode)));
        }),
        { numRuns },
      );
    },
  );
});
