import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SCOPES } from '../../src/common/scope.js';
import { aKey } from '../support/belongings.js';
import { BASE, type Answer, type Client } from '../support/client.js';
import { Deployment } from '../support/deployment.js';

const REQUESTS = 200;
const SUM = { report_name: 'two-list-sum', list_a: [1, 2], list_b: [3], target: 5 };
const EXPORT = { source: { type: 'dataset', datasets: 'rows' }, format: 'csv' };

interface Created {
  report_id?: string;
  export_id?: string;
  code?: string;
}

let deployment: Deployment;
/** One and the same caller at each of two API processes. */
let clients: Client[];

beforeAll(async () => {
  deployment = await Deployment.start();
  const { client } = deployment;
  await deployment.startApi();
  clients = [client, deployment.client];
  await client.upload('rows', 'id\n1\n');
});
afterAll(() => deployment.stop());

/** All at once, every other one to the other process. */
async function storm(path: string, request: (index: number) => { json: unknown; headers?: Record<string, string> }) {
  return await Promise.all(
    Array.from({ length: REQUESTS }, (_, index) =>
      clients[index % 2]!.send<Created>('POST', `${BASE}/${path}`, request(index)),
    ),
  );
}

const idsOf = (answers: readonly Answer<Created>[]) =>
  new Set(answers.map(({ body }) => body.report_id ?? body.export_id));

async function runsOf(list: 'reports' | 'exports'): Promise<number> {
  const { body } = await clients[0]!.get<Record<string, unknown[]>>(`${BASE}/${list}?limit=100`);
  return body[list]!.length;
}

describe(`${REQUESTS} equal requests at two processes at once`, () => {
  it.each([
    ['reports', SUM],
    ['exports', EXPORT],
  ] as const)('are one run by their Idempotency-Key: %s', async (path, json) => {
    const before = await runsOf(path);
    const headers = { 'idempotency-key': `storm of ${path}` };
    const answers = await storm(path, () => ({ json, headers }));
    const wrong = answers.filter(({ status }) => ![200, 202].includes(status));
    expect(wrong.map(({ status, body }) => [status, body])).toEqual([]);
    expect(idsOf(answers).size).toBe(1);
    expect(answers.filter((answer) => answer.headers.get('idempotency-replayed') === null)).toHaveLength(1);
    expect(await runsOf(path)).toBe(before + 1);

    const others = await storm(path, () => ({ json: { ...json, time_zone: 'Asia/Tokyo' }, headers }));
    expect(new Set(others.map(({ status, body }) => `${String(status)} ${body.code ?? ''}`))).toEqual(
      new Set(['422 idempotency-key-reused']),
    );
    const { key } = await aKey(clients[0]!, 'bob', SCOPES);
    await clients[0]!.as(key).upload('rows', 'id\n1\n');
    const bob = await clients[0]!.as(key).send<Created>('POST', `${BASE}/${path}`, { json, headers });
    expect(bob.status).toBe(202);
    expect(idsOf(answers)).not.toContain(bob.body.report_id ?? bob.body.export_id);
  });

  it.each([
    ['reports', { ...SUM, target: 6, max_age: 600 }],
    ['exports', { ...EXPORT, format: 'json', max_age: 600 }],
  ] as const)('are one run when its age allows it: %s', async (path, json) => {
    const before = await runsOf(path);
    const answers = await storm(path, () => ({ json }));
    const wrong = answers.filter(({ status }) => ![200, 202].includes(status));
    expect(wrong.map(({ status, body }) => [status, body])).toEqual([]);
    expect(idsOf(answers).size).toBe(1);
    expect(await runsOf(path)).toBe(before + 1);
  });

  it('are one run for each of their keys', async () => {
    const answers = await storm('reports', (index) => ({
      json: { ...SUM, target: 7 },
      headers: { 'idempotency-key': `one of ten: ${String(index % 10)}` },
    }));
    expect(idsOf(answers).size).toBe(10);
  });
});
