import type { OpenAPIObject } from '@nestjs/swagger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BASE, type Client, type Report } from '../support/client.js';
import { Deployment } from '../support/deployment.js';
import { STORE_UPTIME, uploadMovies, uploadStores } from '../support/report-data.js';

const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;

let deployment: Deployment;
let client: Client;

beforeAll(async () => {
  deployment = await Deployment.start();
  ({ client } = deployment);
  await uploadStores(client);
  await uploadMovies(client);
});
afterAll(() => deployment.stop());

describe('the routes of loop-backend', () => {
  it('welcome, trigger, tell the status and redirect to the file', async () => {
    const welcome = await client.get<{ endpoints: Record<string, string> }>('/');
    expect(welcome).toMatchObject({ status: 200, body: { endpoints: { trigger: '/trigger_reportgen' } } });
    const { body: report } = await client.get<{ report_id: string }>('/trigger_reportgen');
    const early = await client.get<{ status: string }>(`/status/${report.report_id}`);
    expect(['In progress...', 'Completed']).toContain(early.body.status);
    await client.ended(report.report_id);
    expect(await client.get(`/status/${report.report_id}`)).toMatchObject({
      status: 200,
      body: { status: 'Completed' },
    });
    expect((await client.get(`/download/${report.report_id}`)).status).toBe(302);
    const { bytes } = await client.file(`/download/${report.report_id}`);
    expect(bytes.toString().split('\n')[0]).toContain('store_id,uptime_last_hour');
  });

  it('tell what is in progress, and what is not there', async () => {
    const [worker] = deployment.workers;
    worker!.signal('SIGSTOP');
    const { body } = await client.get<{ report_id: string }>('/trigger_reportgen');
    expect(await client.get(`/status/${body.report_id}`)).toMatchObject({ body: { status: 'In progress...' } });
    expect(await client.get(`/download/${body.report_id}`)).toMatchObject({ status: 409 });
    worker!.signal('SIGCONT');
    expect(await client.ended(body.report_id)).toMatchObject({
      status: 'completed',
      report_name: STORE_UPTIME.report_name,
    });
    const unknown = '01900000-0000-7000-8000-000000000000';
    for (const path of [`/status/${unknown}`, `/download/${unknown}`]) {
      expect(await client.get(path)).toMatchObject({ status: 404, body: { code: 'run-not-found' } });
    }
  });
});

describe('the route of a collection', () => {
  it('runs the reports of the collection, with bounds in either spelling', async () => {
    const path = `${BASE}/movies/top-movies-per-rating?page=0&page_size=2&wait=20`;
    const range = { $gte: 8.8 };
    const json = { rating_threshold: range, movie_released_at: { lt: '2000' } };
    const { status, body } = await client.send<Report>('POST', path, { json });
    expect(status).toBe(200);
    expect(body.rows).toMatchObject([{ title: 'A', directors: ['X', 'Y'] }]);
    const plain = await client.send<Report>('POST', path, { json: { ...json, rating_threshold: { gte: 8.8 } } });
    expect(plain.body.rows).toEqual(body.rows);
    for (const other of ['comments/top-movies-per-rating', 'movies/store-uptime', 'movies/no-such']) {
      const answer = await client.send('POST', `${BASE}/${other}`, { json: {} });
      expect(answer).toMatchObject({ status: 404, body: { code: 'definition-not-found' } });
    }
    expect(await client.send('POST', path, { json: null })).toMatchObject({ status: 422 });
    const bad = await client.send('POST', path, { json: { limit: 0 } });
    expect(bad).toMatchObject({ status: 422, body: { errors: [{ pointer: '/limit' }] } });
  });
});

describe('the route of two-list-sum', () => {
  it.each([
    [{ list_a: [1, 2, 3], list_b: [4, 7, 9], target: 10 }, true],
    [{ list_a: [1, 2, 3], list_b: [4, 7, 9], target: 20 }, false],
    [{ list_a: [], list_b: [1], target: 1 }, false],
  ])('answers %j with %j', async (json, expected) => {
    const { status, headers, body } = await client.send('POST', `${BASE}/two-list-sum`, { json });
    expect({ status, body }).toEqual({ status: 200, body: expected });
    expect(headers.get('content-type')).toContain('application/json');
  });

  it.each([
    [{ list_a: [0], list_b: [4], target: 10 }, '/list_a/0'],
    [{ list_a: [1], list_b: [1.5], target: 10 }, '/list_b/0'],
    [{ list_a: [1], list_b: ['4'], target: 10 }, '/list_b/0'],
    [{ list_a: [1], list_b: [4] }, '/target'],
  ])('refuses %j at %s', async (json, pointer) => {
    const answer = await client.send('POST', `${BASE}/two-list-sum`, { json });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ pointer }] } });
  });
});

describe('health', () => {
  it.each(['API', 'worker'] as const)('of the %s is served to probes', async (kind) => {
    const url = kind === 'API' ? deployment.api.url : deployment.workers[0]!.url;
    for (const path of ['/health/live', '/health/ready', '/health/startup']) {
      const response = await fetch(url + path);
      expect([path, response.status, await response.json()]).toEqual([path, 200, { status: 'ok' }]);
    }
    const response = await fetch(`${url}/health`);
    const { statusCode, body } = (await response.json()) as { statusCode: number; body: Record<string, unknown> };
    expect({ status: response.status, statusCode }).toEqual({ status: 200, statusCode: 200 });
    expect(body).toMatchObject({
      edition: 'community',
      services: { database: 'available', redis: 'available', storage: 'available', 'queue:reports': 'available' },
    });
    expect((await fetch(`${url}/nothing`)).status).toBe(404);
  });
});

describe('the OpenAPI document', () => {
  it('describes every operation, and nothing that is not there', async () => {
    const { body: document } = await client.get<OpenAPIObject>(`${BASE}/openapi.json`);
    expect(document.openapi).toBe('3.1.0');
    const operations = Object.entries(document.paths).flatMap(([path, item]) =>
      METHODS.flatMap((method) => (item[method] ? [{ path, method, operation: item[method] }] : [])),
    );
    expect(operations.length).toBeGreaterThan(25);
    for (const { path, operation } of operations) {
      expect([path, operation.operationId, operation.summary]).toEqual([path, expect.any(String), expect.any(String)]);
      expect(Object.keys(operation.responses).some((status) => /^[23]/.test(status))).toBe(true);
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = (operation.parameters ?? []).flatMap((one) =>
        'in' in one && one.in === 'path' ? [one.name] : [],
      );
      expect([path, declared.sort()]).toEqual([path, inPath.sort()]);
    }
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)];
    const known = Object.keys(document.components?.schemas ?? {});
    expect(references.map(([, name]) => name).filter((name) => !known.includes(name!))).toEqual([]);
    const examples = document.paths[`${BASE}/reports`]?.post?.requestBody;
    expect(JSON.stringify(examples)).toContain('"store-uptime"');
  });

  it('has an example per report that can be sent as it is', async () => {
    const { body: document } = await client.get<OpenAPIObject>(`${BASE}/openapi.json`);
    const body = document.paths[`${BASE}/reports`]?.post?.requestBody;
    const examples = body && 'content' in body ? body.content['application/json']?.examples : undefined;
    expect(Object.keys(examples ?? {})).toHaveLength(7);
    for (const [name, example] of Object.entries(examples ?? {})) {
      const value = 'value' in example ? example.value : undefined;
      const { status, body: answer } = await client.create(value);
      const isMissing = (answer as { code?: string }).code === 'dataset-not-found';
      expect([name, isMissing ? 202 : status]).toEqual([name, 202]);
    }
    const ui = await client.get<string>(`${BASE}/docs`);
    expect(ui).toMatchObject({ status: 200, body: expect.stringContaining('swagger-ui') });
  });
});
