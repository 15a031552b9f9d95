import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BASE, type Client, type Report } from '../support/client.js';
import { Deployment } from '../support/deployment.js';
import { uploadMovies } from '../support/report-data.js';

const UNKNOWN_ID = '01900000-0000-7000-8000-000000000000';
const MOVIES = { report_name: 'top-movies-per-rating' };

interface Problem {
  code: string;
  request_id: string;
  errors?: { pointer: string; detail: string }[];
}

/** No worker: every run stays queued until a test starts one. */
let deployment: Deployment;
let client: Client;

beforeAll(async () => {
  deployment = await Deployment.start({ workers: 0 });
  ({ client } = deployment);
  await uploadMovies(client);
});
afterAll(() => deployment.stop());

describe('a request that cannot be used', () => {
  it.each([
    ['an unknown report', { report_name: 'no-such-report' }, ['/report_name']],
    ['no report', {}, ['/report_name']],
    ['an unknown parameter', { ...MOVIES, raiting: 1 }, ['/raiting']],
    ['a wrong type', { ...MOVIES, limit: 'ten' }, ['/limit']],
    ['a number out of bounds', { ...MOVIES, limit: 1001 }, ['/limit']],
    ['a range with a wrong type', { ...MOVIES, rating_threshold: { $gte: 'high' } }, ['/rating_threshold/$gte']],
    ['a range with an unknown bound', { ...MOVIES, rating_threshold: { $min: 1 } }, ['/rating_threshold/$min']],
    ['a range that holds nothing', { ...MOVIES, rating_threshold: { $gt: 9, $lt: 8 } }, ['/rating_threshold']],
    ['a set with an unknown member', { ...MOVIES, actors: { only: ['P'] } }, ['/actors/only']],
    ['an unknown format', { ...MOVIES, format: 'docx' }, ['/format']],
    ['an unknown time zone', { ...MOVIES, time_zone: 'Mars/Olympus' }, ['/time_zone']],
    ['an offset for a time zone', { ...MOVIES, time_zone: '+05:30' }, ['/time_zone']],
    ['a negative age', { ...MOVIES, max_age: -1 }, ['/max_age']],
    ['a callback that is no URL', { ...MOVIES, callback_url: 'example.com' }, ['/callback_url']],
    ['a callback that is no text', { ...MOVIES, callback_url: 7 }, ['/callback_url']],
    ['a callback with a password', { ...MOVIES, callback_url: 'https://a:b@example.com/' }, ['/callback_url']],
    ['several bad fields', { ...MOVIES, format: 'docx', limit: 0, x: 1 }, ['/format', '/limit', '/x']],
  ])('names the place of %s', async (_, body, pointers) => {
    const answer = await post(body);
    expect(answer).toMatchObject({ status: 422, body: { code: 'validation-failed', status: 422 } });
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body.errors?.map(({ pointer }) => pointer).sort()).toEqual(pointers);
  });

  it.each(['page_size=0', 'page_size=1001', 'page=-1', 'page=x', 'wait=-1', 'colour=red'])(
    'names a query like %s',
    async (query) => {
      const answer = await client.send<Problem>('POST', `${BASE}/reports?${query}`, { json: MOVIES });
      expect(answer).toMatchObject({ status: 422, body: { code: 'validation-failed' } });
      expect(new Set(answer.body.errors?.map(({ pointer }) => pointer))).toEqual(new Set([`/${query.split('=')[0]!}`]));
    },
  );

  it('is told when it is no JSON, or no object', async () => {
    const headers = { 'content-type': 'application/json' };
    const broken = await client.send('POST', `${BASE}/reports`, { raw: '{"report_name": ', headers });
    expect(broken).toMatchObject({ status: 400, body: { code: 'malformed-request' } });
    expect(await post(['store-uptime'])).toMatchObject({ status: 422 });
    const large = JSON.stringify({ ...MOVIES, actors: { include: ['x'.repeat(1_100_000)] } });
    const refused = await client.send('POST', `${BASE}/reports`, { raw: large, headers });
    expect(refused).toMatchObject({ status: 413, body: { code: 'payload-too-large' } });
  });

  it('is told of text that cannot be kept, and of a body that is not said to be JSON', async () => {
    for (const text of ['a\0b', '\ud800']) {
      expect(await post({ ...MOVIES, actors: { include: [text] } })).toMatchObject({
        status: 422,
        body: { code: 'validation-failed', errors: [{ pointer: '/actors/include/0' }] },
      });
    }
    for (const path of ['reports?report_name=a%00b', 'report-definitions/a%00b']) {
      expect(await client.get(`${BASE}/${path}`)).toMatchObject({ status: 422, body: { code: 'validation-failed' } });
    }
    const headers = { 'content-type': 'text/plain' };
    const plain = await client.send('POST', `${BASE}/reports`, { raw: JSON.stringify(MOVIES), headers });
    expect(plain).toMatchObject({ status: 415, body: { code: 'unsupported-media-type' } });
  });

  it('is told that the dataset is missing', async () => {
    const answer = await post({ report_name: 'top-commenters' });
    expect(answer).toMatchObject({ status: 404, body: { code: 'dataset-not-found' } });
  });

  it.each(['created_after=2026-02-30', 'created_before=-271821-04-20T00:00:00Z', 'created_before=12'])(
    'names %s, which is no time',
    async (query) => {
      expect(await client.get(`${BASE}/reports?${query}`)).toMatchObject({
        status: 422,
        body: { errors: [{ pointer: `/${query.split('=')[0]!}` }] },
      });
    },
  );

  it('lists what was created in a window', async () => {
    const { body } = await client.create(MOVIES);
    const listed = async (query: string) => {
      const { body: list } = await client.get<{ reports: { report_id: string }[] }>(`${BASE}/reports?${query}`);
      return list.reports.some(({ report_id }) => report_id === body.report_id);
    };
    const at = encodeURIComponent(body.report_date.replace('Z', '+00:00'));
    expect(await listed(`created_after=${at}`)).toBe(true);
    expect(await listed(`created_before=${at}`)).toBe(false);
  });

  it('gets a problem for what does not exist', async () => {
    for (const rest of ['', '/rows', '/download', '/manifest', '/events']) {
      const answer = await client.get<Problem>(`${BASE}/reports/${UNKNOWN_ID}${rest}`);
      expect(answer).toMatchObject({ status: 404, body: { code: 'run-not-found' } });
    }
    expect(await client.get(`${BASE}/reports/17`)).toMatchObject({ status: 422 });
    for (const version of ['2147483648', '-50538731605365170']) {
      expect(await client.get(`${BASE}/report-definitions/store-uptime/versions/${version}`)).toMatchObject({
        status: 404,
        body: { code: 'definition-not-found' },
      });
    }
    expect(await client.get('/nothing')).toMatchObject({ status: 404, body: { code: 'not-found' } });
    expect(await client.get(`${BASE}/nothing`)).toMatchObject({ status: 404, body: { code: 'not-found' } });
  });
});

describe('a request id', () => {
  it('is taken over into the answer, the run and a problem', async () => {
    const headers = { 'x-request-id': 'order-42' };
    const created = await client.create(MOVIES, { headers });
    expect(created.headers.get('x-request-id')).toBe('order-42');
    expect(created.body.request_id).toBe('order-42');
    const { body } = await client.get<Problem>(`${BASE}/reports/${UNKNOWN_ID}`, headers);
    expect(body.request_id).toBe('order-42');
  });

  it('is made when there is none or it cannot be used', async () => {
    for (const headers of [{}, { 'x-request-id': 'a b' }]) {
      const { headers: answered, body } = await client.create(MOVIES, { headers });
      expect(answered.get('x-request-id')).toMatch(/^[\da-f-]{36}$/);
      expect(body.request_id).toBe(answered.get('x-request-id'));
    }
  });
});

describe('an Idempotency-Key', () => {
  it('answers the same request with the same run, and refuses another one', async () => {
    const headers = { 'idempotency-key': 'key-1' };
    const first = await client.create({ ...MOVIES, limit: 3 }, { headers });
    const again = await client.create({ ...MOVIES, limit: 3 }, { headers });
    expect(again).toMatchObject({ status: 202, body: { report_id: first.body.report_id } });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    const other = await client.create({ ...MOVIES, limit: 4 }, { headers });
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency-key-reused' } });
    expect(await client.create(MOVIES, { headers: { 'idempotency-key': 'k'.repeat(256) } })).toMatchObject({
      status: 422,
    });
  });

  it('makes one run of fifty requests at once', async () => {
    const headers = { 'idempotency-key': 'key-50' };
    const answers = await Promise.all(Array.from({ length: 50 }, () => client.create(MOVIES, { headers })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ body }) => body.report_id)).size).toBe(1);
  });
});

describe('max_age', () => {
  it('shares a run in flight, then its result, with equal requests only', async () => {
    const request = { ...MOVIES, limit: 7, rating_threshold: { $gte: 1 }, max_age: 600 };
    const first = await client.create(request);
    expect(first.body.reuse).toBeUndefined();
    const inflight = await client.create({ max_age: 600, rating_threshold: { $gte: 1 }, limit: 7, ...MOVIES });
    expect(inflight.body).toMatchObject({ report_id: first.body.report_id, reuse: { kind: 'inflight' } });
    for (const other of [{ limit: 8 }, { format: 'json' }, { time_zone: 'Asia/Tokyo' }]) {
      expect((await client.create({ ...request, ...other })).body.report_id).not.toBe(first.body.report_id);
    }
    const many = await Promise.all(
      Array.from({ length: 20 }, () => client.create({ ...MOVIES, limit: 11, max_age: 600 })),
    );
    expect(new Set(many.map(({ body }) => body.report_id)).size).toBe(1);

    await deployment.startWorker();
    const { finished_at: finishedAt } = await client.ended(first.body.report_id);
    const cached = await client.create(request, { query: '?wait=5' });
    expect(cached).toMatchObject({
      status: 200,
      body: { report_id: first.body.report_id, reuse: { kind: 'cache', as_of: finishedAt } },
    });
    expect((await client.create({ ...request, max_age: 0 })).body.report_id).not.toBe(first.body.report_id);
    await uploadMovies(client);
    expect((await client.create(request)).body.reuse).toBeUndefined();
  });
});

async function post(json: unknown) {
  return await client.send<Problem & Partial<Report>>('POST', `${BASE}/reports`, { json });
}
