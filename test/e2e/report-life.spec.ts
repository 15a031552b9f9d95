import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReportListDto } from '../../src/reports/dto/report.dto.js';
import { BASE, type Client, type ReceivedEvent } from '../support/client.js';
import { Deployment } from '../support/deployment.js';
import { defineSlowReport, MINUTES } from '../support/slow-report.js';

const SUM = { report_name: 'two-list-sum', list_a: [1], list_b: [2], target: 3 };

let deployment: Deployment;
let client: Client;

beforeAll(async () => {
  deployment = await Deployment.start({ workers: 0 });
  ({ client } = deployment);
  await defineSlowReport(client);
});
afterAll(() => deployment.stop());

describe('a queued report', () => {
  it('knows its place, and is cancelled at once', async () => {
    const first = await client.create(SUM);
    const second = await client.create(SUM);
    expect((await client.report(second.body.report_id)).progress).toMatchObject({ queue_position: 1 });
    const cancelled = await cancel(first.body.report_id);
    expect(cancelled).toMatchObject({ status: 202, body: { status: 'cancelled', terminal: true } });
    expect((await client.report(second.body.report_id)).progress).toMatchObject({ queue_position: 0 });
    expect(await cancel(first.body.report_id)).toMatchObject({ status: 409, body: { code: 'run-already-ended' } });
    expect(await client.rows(first.body.report_id)).toMatchObject({ status: 409, body: { code: 'run-not-completed' } });
    const early = await client.rows(second.body.report_id);
    expect(early).toMatchObject({ status: 409, body: { code: 'run-not-completed' } });
    expect(early.headers.get('retry-after')).toBe('1');
    await cancel(second.body.report_id);
  });
});

describe('the list of reports', () => {
  it('goes on by cursor, newest first, and filters', async () => {
    const before = new Date().toISOString();
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) ids.unshift((await client.create(n === 2 ? MINUTES : SUM)).body.report_id);
    const seen: string[] = [];
    let path = `${BASE}/reports?limit=2&created_after=${before}`;
    for (let pages = 0; path !== ''; pages += 1) {
      expect(pages).toBeLessThan(4);
      const { body, headers } = await client.get<ReportListDto>(path);
      seen.push(...body.reports.map(({ report_id }) => report_id));
      path = /<([^>]+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1] ?? '';
      expect(path === '').toBe(body.next_cursor === null);
    }
    expect(seen).toEqual(ids);
    expect(await idsOf(`report_name=slow&created_after=${before}`)).toEqual([ids[2]]);
    await cancel(ids[0]!);
    expect(await idsOf(`status=cancelled&created_after=${before}`)).toEqual([ids[0]]);
    expect(await idsOf(`created_before=${before}&status=queued`)).toEqual([]);
    for (const id of ids.slice(1)) await cancel(id);
  });

  it.each(['cursor=nonsense', 'status=done', 'limit=0', 'limit=101', 'created_after=yesterday'])(
    'refuses %s',
    async (query) => {
      const answer = await client.get(`${BASE}/reports?${query}`);
      const pointer = `/${query.split('=')[0]!}`;
      expect(answer).toMatchObject({
        status: 422,
        body: { errors: expect.arrayContaining([{ pointer, detail: expect.any(String) }]) },
      });
    },
  );
});

describe('a report at work', () => {
  it('tells its story in events that can be resumed', async () => {
    const { body } = await client.create(MINUTES);
    const id = body.report_id;
    const live = client.events(id);
    expect((await live.next()).value).toMatchObject({ type: 'status', data: { status: 'queued', terminal: false } });
    await deployment.startWorker();
    let running = (await live.next()).value as ReceivedEvent;
    // A worker that takes long to start leaves time for news of the place in the line.
    while (running.data.status === 'queued') running = (await live.next()).value as ReceivedEvent;
    expect(running).toMatchObject({ type: 'status', data: { status: 'running', attempt: 1 } });
    const progress = (await live.next()).value as ReceivedEvent;
    expect(progress).toMatchObject({ type: 'progress', data: { status: 'running', progress: { phase: 'query' } } });

    expect(await cancel(id)).toMatchObject({ status: 202, body: { status: 'cancelling', terminal: false } });
    await collect(live);
    expect(await cancel(id)).toMatchObject({ status: 409 });

    const resumed = await collect(client.events(id, running.id));
    expect(resumed.map(({ data }) => data.status)).toEqual(['cancelling', 'cancelled']);
    const whole = await collect(client.events(id));
    expect(whole.map(({ data }) => data.status)).toEqual(['queued', 'running', 'cancelling', 'cancelled']);
    const numbers = whole.map((event) => event.id);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    expect(await collect(client.events(id, numbers.at(-1)))).toEqual([]);
  });

  it('tells what went wrong, and GET stays 200', async () => {
    await client.define({ name: 'wrong-cast', sql: "SELECT CAST('x' || range AS INTEGER) AS n FROM range(3)" });
    const ended = await client.run({ report_name: 'wrong-cast' });
    expect(ended).toMatchObject({
      status: 'error',
      attempt: 1,
      error: { code: 'query-failed', type: '/problems/query-failed', detail: expect.stringContaining('x0') },
    });
    expect(await client.rows(ended.report_id)).toMatchObject({ status: 409, body: { code: 'run-not-completed' } });
    expect(await deployment.files.keys(`runs/${ended.report_id}/`)).toEqual([]);
  });

  it('is cancelled and removed when it is deleted', async () => {
    const { body } = await client.create(MINUTES);
    await client.status(body.report_id, 'running');
    expect((await client.send('DELETE', `${BASE}/reports/${body.report_id}`)).status).toBe(204);
    expect((await client.get(`${BASE}/reports/${body.report_id}`)).status).toBe(404);
    const [worker] = deployment.workers;
    await expect.poll(() => worker!.filesOfAttempts(), { timeout: 5000 }).toEqual([]);
  });
});

describe('a result whose time is over', () => {
  it('is gone, and its run says so', async () => {
    await Promise.all(deployment.workers.map((worker) => worker.stop()));
    await deployment.startWorker({ RESULT_TTL_SECONDS: '1', RUN_SWEEP_SECONDS: '1' });
    const { report_id: id } = await client.run(SUM);
    await expect.poll(() => client.report(id), { timeout: 10_000 }).toMatchObject({ status: 'expired' });
    for (const part of ['rows', 'download', 'manifest']) {
      const answer = await client.get(`${BASE}/reports/${id}/${part}`);
      expect(answer).toMatchObject({ status: 410, body: { code: 'result-expired' } });
    }
    // It is over with its time, whether a sweep has come by or not.
    await expect.poll(() => deployment.files.keys(`runs/${id}/`), { timeout: 10_000 }).toEqual([]);
  });
});

async function cancel(id: string) {
  return await client.send('POST', `${BASE}/reports/${id}/cancel`);
}

async function idsOf(query: string): Promise<string[]> {
  const { body } = await client.get<ReportListDto>(`${BASE}/reports?${query}`);
  return body.reports.map(({ report_id }) => report_id);
}

async function collect(events: AsyncGenerator<ReceivedEvent>): Promise<ReceivedEvent[]> {
  const all: ReceivedEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}
