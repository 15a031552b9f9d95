import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { BASE, Client } from '../support/client.js';
import { Deployment } from '../support/deployment.js';

const QUEUED = 50;
const REQUESTS = 1000;
const request = { report_name: 'two-list-sum', list_a: [1, 2, 3], list_b: [4, 7, 9], target: 10 };
const OWNER_LIMITS = `${BASE}/owners/default/limits`;

interface Limit {
  limit: number;
  used?: number;
  reset_seconds?: number;
}
type Limits = Record<string, Limit>;
interface Problem {
  code: string;
  detail: string;
  errors?: { pointer: string }[];
}

let deployment: Deployment;
/** Of two API processes. */
let clients: readonly [Client, Client];

beforeAll(async () => {
  deployment = await Deployment.start({
    workers: 0,
    environment: { LIMIT_QUEUED: String(QUEUED), LIMIT_REQUESTS_PER_MINUTE: String(REQUESTS) },
  });
  clients = [deployment.client, new Client((await deployment.startApi()).url)];
});
afterAll(() => deployment.stop());

const limitsOf = async (client: Client): Promise<Limits> => (await client.get<Limits>(`${BASE}/limits`)).body;
const put = async (json: unknown) => await clients[0].send<Problem>('PUT', OWNER_LIMITS, { json });

describe('runs that wait', () => {
  it('are as many as the limit says, however many are asked for at once of two processes', async () => {
    const kept = { json: request, headers: { 'idempotency-key': 'kept' } };
    const first = await clients[0].send<{ report_id: string }>('POST', `${BASE}/reports`, kept);
    const coalesced = { ...request, target: 5, max_age: 60 };
    const equal = await clients[0].create(coalesced);
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) => (clients[index % 2] ?? clients[0]).create(request)),
    );
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(QUEUED - 2);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(200 - QUEUED + 2);
    expect(refused[0]?.body).toMatchObject({
      code: 'limit-reached',
      detail: expect.stringContaining('50 runs') as string,
    });
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await limitsOf(clients[0]))['queued']).toEqual({ limit: QUEUED, used: QUEUED });

    const again = await clients[1].send<{ report_id: string }>('POST', `${BASE}/reports`, kept);
    expect(again).toMatchObject({ status: 202, body: { report_id: first.body.report_id } });
    const shared = await clients[1].create(coalesced);
    expect(shared).toMatchObject({ status: 202, body: { report_id: equal.body.report_id } });
    // A refused key is as good as new.
    const late = { json: request, headers: { 'idempotency-key': 'late' } };
    expect((await clients[1].send('POST', `${BASE}/reports`, late)).status).toBe(429);
    expect((await clients[1].send('POST', `${BASE}/reports/${first.body.report_id}/cancel`)).status).toBe(202);
    expect((await clients[1].send('POST', `${BASE}/reports`, late)).status).toBe(202);
  });

  it('are never too many for want of a lock, far from the limit as near to it', async () => {
    // More than there are connections: up to there nobody waits for another.
    expect((await put({ queued: 160 })).status).toBe(200);
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) => (clients[index % 2] ?? clients[0]).create(request)),
    );
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(110);
    expect((await limitsOf(clients[1]))['queued']).toEqual({ limit: 160, used: 160 });
  });
});

describe('limits of an owner', () => {
  it('are in force at once in every process, and kept for the audit', async () => {
    expect(await put({ queued: 200, rows: 7 })).toMatchObject({
      status: 200,
      body: { owner: 'default', changes: { queued: 200, rows: 7 }, limits: { queued: 200, rows: 7, running: 16 } },
    });
    await expect.poll(() => limitsOf(clients[1])).toMatchObject({ queued: { limit: 200 }, rows: { limit: 7 } });
    expect((await clients[1].create(request)).status).toBe(202);
    expect((await clients[0].get(OWNER_LIMITS)).body).toMatchObject({ changes: { queued: 200, rows: 7 } });
    expect((await clients[0].send('DELETE', OWNER_LIMITS)).status).toBe(204);
    await expect.poll(() => limitsOf(clients[1])).toMatchObject({ queued: { limit: QUEUED } });
    expect((await clients[1].create(request)).status).toBe(429);
    const sql = new pg.Client({ connectionString: deployment.databaseUrl });
    await sql.connect();
    const { rows: entries } = await sql.query(
      `SELECT resource, detail FROM audit_entries WHERE action = 'limits.change' ORDER BY sequence`,
    );
    await sql.end();
    expect(entries.slice(-2)).toEqual([
      { resource: 'default', detail: { queued: 200, rows: 7 } },
      { resource: 'default', detail: {} },
    ]);
  });

  it.each([
    [{ queued: -1 }, '/queued'],
    [{ queued: 1.5 }, '/queued'],
    [{ cats: 3 }, '/cats'],
    [{ bytes: '9' }, '/bytes'],
  ])('are refused where they make no sense: %j', async (changes, pointer) => {
    const { status, body } = await put(changes);
    expect(status).toBe(422);
    expect(body.errors).toEqual([expect.objectContaining({ pointer })]);
  });
});

describe('requests', () => {
  const numbers = (header: string | null): number[] => [...(header ?? '').matchAll(/\d+/g)].map(Number);

  it('are counted in one window by all processes, and told in the headers', async () => {
    const before = await clients[0].get(`${BASE}/report-definitions`);
    const after = await clients[1].get(`${BASE}/report-definitions`);
    expect(before.headers.get('ratelimit-policy')).toBe(`"default";q=${String(REQUESTS)};w=60`);
    expect(before.headers.get('ratelimit')).toMatch(/^"default";r=\d+;t=\d+$/);
    const [left = 0, reset = 0] = numbers(before.headers.get('ratelimit'));
    const [leftAfter = 0] = numbers(after.headers.get('ratelimit'));
    expect(leftAfter).toBe(left - 1);
    expect(reset).toBeGreaterThan(0);
    expect(reset).toBeLessThanOrEqual(60);
  });

  it('are counted where they become WebSockets, too', async () => {
    const used = async () => (await limitsOf(clients[0]))['requests_per_minute']?.used ?? 0;
    await put({ requests_per_minute: (await used()) + 3 });
    const { url, credential } = clients[0];
    const path = `${BASE}/exports/01900000-0000-7000-8000-000000000000/ws`;
    const statuses: number[] = [];
    for (let tries = 0; tries < 4; tries += 1) {
      const socket = new WebSocket(url.replace('http', 'ws') + path, { headers: credential });
      const status = await new Promise<number>((resolve) => {
        socket.on('open', () => {
          resolve(101);
        });
        socket.on('unexpected-response', (_, { statusCode = 0 }) => {
          resolve(statusCode);
        });
        socket.on('error', () => undefined);
      });
      statuses.push(status);
      socket.terminate();
    }
    // One was the change itself, and one the question before it.
    expect(statuses).toEqual([101, 101, 429, 429]);
    await deployment.client.send('DELETE', OWNER_LIMITS);
  });

  it('do not count where anybody may ask', async () => {
    const open = ['/health/live', `${BASE}/openapi.json`, `${BASE}/files/x?expires=1&signature=x`];
    for (const path of open) expect((await clients[0].get(path)).headers.has('ratelimit'), path).toBe(false);
  });

  it('are refused when they are too many, and the rest goes through while Redis is away', async () => {
    // A window that has just begun does not end before the test does.
    const redis = new Redis(deployment.redisUrl);
    expect(await redis.del('longhaul:count:requests:default')).toBe(1);
    redis.disconnect();
    const { requests_per_minute: known } = await limitsOf(clients[0]);
    const used = known?.used ?? 0;
    await put({ requests_per_minute: used + 5 });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (clients[index % 2] ?? clients[0]).get<Problem>(`${BASE}/report-definitions`),
      ),
    );
    const refused = answers.filter(({ status }) => status === 429);
    // One was the change itself.
    expect(refused).toHaveLength(16);
    expect(refused[0]?.body.code).toBe('too-many-requests');
    expect(numbers(refused[0]?.headers.get('ratelimit') ?? null)[0]).toBe(0);
    const wait = Number(refused[0]?.headers.get('retry-after'));
    expect(wait).toBe(numbers(refused[0]?.headers.get('ratelimit') ?? null)[1]);

    // The others may have counted for themselves before, when Redis was slow to answer: this one has counted nothing.
    const fresh = new Client((await deployment.startApi()).url);
    await deployment.stopRedis();
    const alone = await Promise.all(Array.from({ length: used + 10 }, () => fresh.get(`${BASE}/report-definitions`)));
    // Each process counts for itself.
    expect(alone.filter(({ status }) => status === 200)).toHaveLength(used + 5);
    expect(alone.filter(({ status }) => status === 429)).toHaveLength(5);
  });
});
