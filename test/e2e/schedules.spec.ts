import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { FiringDto, FiringListDto, ScheduleDto, ScheduleListDto } from '../../src/schedules/dto/schedule.dto.js';
import { BASE, type Answer, type Client } from '../support/client.js';
import { Deployment } from '../support/deployment.js';
import { aSchedule } from '../support/schedules-app.js';

const PATH = `${BASE}/schedules`;

interface Problem {
  code: string;
  errors?: { pointer: string; detail: string }[];
}

interface OpenApi {
  paths: Record<string, Record<string, { requestBody: { content: { 'application/json': { examples: Examples } } } }>>;
}
type Examples = Record<string, { value: unknown }>;

let deployment: Deployment;
let client: Client;

beforeAll(async () => {
  deployment = await Deployment.start({ workers: 2, environment: { RUN_SWEEP_SECONDS: '1' } });
  ({ client } = deployment);
  await client.upload('visits', 'at,who\n2026-01-01T10:00:00Z,ann\n2020-01-01T10:00:00Z,bob\n');
});
afterAll(() => deployment.stop());

const post = <T = ScheduleDto>(json: unknown, rest = ''): Promise<Answer<T>> =>
  client.send<T>('POST', `${PATH}${rest}`, { json });

async function history(id: string): Promise<FiringDto[]> {
  return (await client.get<FiringListDto>(`${PATH}/${id}/firings?limit=100`)).body.firings;
}

/** Asks again until it is so. */
async function until<T>(look: () => Promise<T>, isThere: (found: T) => boolean): Promise<T> {
  const options = { interval: 50, timeout: 30_000 };
  return await vi.waitFor(async () => {
    const found = await look();
    expect(isThere(found)).toBe(true);
    return found;
  }, options);
}

describe('a schedule over HTTP', () => {
  it('is created, shown, listed, changed, replaced and deleted', async () => {
    const created = await post(aSchedule({ name: 'life', cron: '0 6 * * 1-5', time_zone: 'Europe/Berlin' }));
    const { body: schedule, headers, status } = created;
    expect(status).toBe(201);
    expect(headers.get('location')).toBe(`${PATH}/${schedule.schedule_id}`);
    expect(schedule).toMatchObject({ misfire: 'run_once', overlap: 'skip', enabled: true, paused_reason: null });
    expect(schedule.next_times).toHaveLength(5);
    expect(schedule.next_times[0]).toBe(schedule.next_at);
    const hours = schedule.next_times.map((time) =>
      new Date(time).toLocaleTimeString('de', { timeZone: 'Europe/Berlin' }),
    );
    expect(hours).toEqual(Array(5).fill('06:00:00'));
    const path = schedule.links.self;
    expect((await client.get(path)).body).toEqual(schedule);
    expect((await post(aSchedule({ name: 'life' }))).body).toMatchObject({ code: 'schedule-exists' });

    const changed = await client.send<ScheduleDto>('PATCH', path, { json: { time_zone: 'Asia/Kolkata' } });
    expect(changed.body).toMatchObject({ name: 'life', cron: '0 6 * * 1-5', time_zone: 'Asia/Kolkata' });
    expect(changed.body.next_at).toMatch(/T00:30:00.000Z$/);
    const replaced = await client.send<ScheduleDto>('PUT', path, {
      json: aSchedule({ name: 'other', overlap: 'queue' }),
    });
    expect(replaced.body).toMatchObject({ name: 'other', time_zone: 'UTC', overlap: 'queue' });
    expect(await client.send('DELETE', path)).toMatchObject({ status: 204 });
    expect(await client.get(path)).toMatchObject({ status: 404, body: { code: 'schedule-not-found' } });
  });

  it('is listed page by page', async () => {
    const made = await Promise.all([1, 2, 3].map((number) => post(aSchedule({ name: `listed ${String(number)}` }))));
    const found: string[] = [];
    for (let query = '?limit=2'; query !== '';) {
      const { body, headers } = await client.get<ScheduleListDto>(PATH + query);
      found.push(...body.schedules.map(({ schedule_id }) => schedule_id));
      expect(headers.has('link')).toBe(body.next_cursor !== null);
      query = body.next_cursor === null ? '' : `?limit=2&cursor=${body.next_cursor}`;
    }
    expect(found).toEqual(expect.arrayContaining(made.map(({ body }) => body.schedule_id)));
    expect(new Set(found).size).toBe(found.length);
    await Promise.all(made.map(({ body }) => client.send('DELETE', body.links.self)));
  });

  it('says every field that cannot be used, those of the body too', async () => {
    const wrong = await post<Problem>({
      ...aSchedule(),
      cron: '61 * * * *',
      time_zone: '+01:00',
      overlap: 'maybe',
      more: 1,
    });
    expect(wrong.status).toBe(422);
    expect(wrong.body.errors?.map(({ pointer }) => pointer).sort()).toEqual([
      '/cron',
      '/more',
      '/overlap',
      '/time_zone',
    ]);
    const body = { report_name: 'two-list-sum', list_a: ['x'], list_b: [1], target: 1 };
    expect(await post(aSchedule({ body }))).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/body/list_a/0' }] },
    });
    const gone = await post(aSchedule({ body: { report_name: 'no-such' } }));
    expect(gone).toMatchObject({ status: 422, body: { errors: [{ pointer: '/body/report_name' }] } });
    const source = { type: 'dataset', datasets: 'visits' };
    const bound = await post<Problem>(
      aSchedule({
        kind: 'export',
        body: {
          source,
          columns: [{ name: 'at', column: 'at', type: 'timestamptz' }],
          filter: { at: { $gte: 'now-1' } },
        },
      }),
    );
    expect(bound).toMatchObject({ status: 422, body: { errors: [{ pointer: '/body/filter/at/$gte' }] } });
  });
});

describe('the examples of the API', () => {
  it('work as they are', async () => {
    await client.upload('comments', '{"name":"Ann","date":{"$date":"2026-01-01T10:00:00Z"}}\n', 'application/x-ndjson');
    const { body } = await client.get<OpenApi>(`${BASE}/openapi.json`);
    const [created, changed] = [body.paths[PATH]?.['post'], body.paths[`${PATH}/{id}`]?.['patch']].map((operation) =>
      Object.values(operation?.requestBody.content['application/json'].examples ?? {}),
    );
    expect([created?.length, changed?.length]).toEqual([2, 1]);
    for (const { value } of created ?? []) {
      const { status, body: schedule } = await post(value);
      expect(status).toBe(201);
      const patched = await client.send('PATCH', schedule.links.self, { json: changed?.[0]?.value });
      expect(patched.status).toBe(200);
      await client.send('DELETE', schedule.links.self);
    }
  });
});

describe('firing', () => {
  it('happens now when that is asked for, and leads to the run', async () => {
    const source = { type: 'dataset', datasets: 'visits' };
    const filter = { at: { $gte: 'now-4y/y' } };
    const { body: schedule } = await post(aSchedule({ kind: 'export', body: { source, filter }, enabled: false }));
    expect(schedule).toMatchObject({ enabled: false, next_at: null, next_times: [] });
    const headers = { 'idempotency-key': 'once' };
    const fired = await client.send<FiringDto>('POST', schedule.links.run, { headers });
    expect(fired).toMatchObject({ status: 202, body: { trigger: 'manual', outcome: 'started' } });
    expect((await client.send<FiringDto>('POST', schedule.links.run, { headers })).body).toEqual(fired.body);
    const path = fired.body.links.run ?? '';
    expect(fired.headers.get('location')).toBe(path);
    const run = await until(
      () =>
        client.get<{ terminal: boolean; status: string; total_rows: number; parameters: unknown; request_id: string }>(
          path,
        ),
      ({ body }) => body.terminal,
    );
    const year = String(new Date(fired.body.occurrence).getUTCFullYear() - 4);
    expect(run.body).toMatchObject({
      ...{ status: 'completed', total_rows: 1, request_id: fired.body.firing_id },
      parameters: { filter: { at: { $gte: `${year}-01-01T00:00:00Z` } } },
    });
  });

  it('goes on every second while a worker is killed, until it is paused', async () => {
    const { body: schedule } = await post(aSchedule({ cron: '* * * * * *', overlap: 'queue' }));
    const id = schedule.schedule_id;
    await until(
      () => history(id),
      (firings) => firings.length >= 2,
    );
    await deployment.workers[0]?.kill();
    await until(
      () => history(id),
      (firings) => firings.length >= 5,
    );
    const paused = await client.send<ScheduleDto>('POST', schedule.links.pause);
    expect(paused.body).toMatchObject({ enabled: false, next_at: null, next_times: [] });
    const firings = await until(
      () => history(id),
      (all) => all.every(({ outcome }) => outcome === 'started'),
    );
    const seconds = firings.map(({ occurrence }) => Date.parse(occurrence) / 1000);
    expect(seconds).toEqual(seconds.map((_, index) => (seconds[0] ?? 0) - index));
    expect(new Set(firings.map(({ run_id }) => run_id)).size).toBe(firings.length);
    const first = await client.get<FiringListDto>(`${schedule.links.firings}?limit=2`);
    const second = await client.get<FiringListDto>(
      `${schedule.links.firings}?limit=2&cursor=${first.body.next_cursor ?? ''}`,
    );
    expect([...first.body.firings, ...second.body.firings]).toEqual(firings.slice(0, 4));
    const resumed = await client.send<ScheduleDto>('POST', schedule.links.resume);
    expect(resumed.body.next_times).toHaveLength(5);
    expect((await client.send('DELETE', schedule.links.self)).status).toBe(204);
    for (const { links } of firings) {
      const { body } = await until(
        () => client.get<{ terminal: boolean; status: string }>(links.run ?? ''),
        (run) => run.body.terminal,
      );
      expect(body.status).toBe('completed');
    }
  });
});
