import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { DemoApi } from '../../src/local/demo-api.js';
import { demoOrders } from '../../src/local/demo-orders.js';
import { freePort } from '../../src/local/free-port.js';
import type { Client } from '../support/client.js';
import { Deployment } from '../support/deployment.js';
import { unzip } from '../support/unzip.js';

const EXPORT = '/api/export';

let demo: DemoApi;
let deployment: Deployment;
let client: Client;

beforeAll(async () => {
  demo = await DemoApi.start(await freePort());
  deployment = await Deployment.start({
    environment: { EXPORT_SOURCE_URL: `${demo.url}/orders`, OUTBOUND_ALLOW: new URL(demo.url).host },
  });
  ({ client } = deployment);
});
afterAll(async () => {
  await deployment.stop();
  await demo.stop();
});
beforeEach(async () => {
  await client.send('DELETE', `${EXPORT}/inputs-clear`);
});

interface Task {
  task_id: string;
  status: string;
}
const post = async (path: string, json: unknown) =>
  await client.send<Record<string, unknown>>('POST', `${EXPORT}/${path}`, { json });
const start = async () => (await client.send<Task>('POST', `${EXPORT}/start`)).body.task_id;
const statusOf = async (id: string) => (await client.get<Task>(`${EXPORT}/status/${id}`)).body;
const ended = async (id: string) => {
  await expect.poll(async () => (await statusOf(id)).status, { timeout: 30_000 }).not.toMatch(/in_progress|cancel_req/);
  return await statusOf(id);
};
const download = async (id: string) =>
  await fetch(`${client.url}${EXPORT}/download/${id}`, { redirect: 'error', headers: client.credential });

describe('FetchtoZip', () => {
  it('does what its guide shows, line by line', async () => {
    const input = { name: 'revenue', column: 3, change_order: 1 };
    expect(await post('inputs', input)).toMatchObject({
      status: 200,
      body: { message: expect.any(String) as string, input },
    });
    expect(await post('bulk-inputs', [{ name: 'a', column: 1 }, { name: 'b', column: 2 }])) // prettier-ignore
      .toMatchObject({ status: 200, body: { count: 2, added_count: 2, updated_count: 0 } });
    const listed = await client.get<unknown>(`${EXPORT}/inputs-list`);
    expect(listed.body).toMatchObject({ count: 3, inputs: [input, { name: 'a', change_order: null }, { name: 'b' }] });
    const configured = await post('configure', {
      file_type: 'zip',
      rate_limit: 1000,
      page_limit: 100,
      tmp_dir: './temp',
      db_url: null,
    });
    expect(configured).toMatchObject({ status: 200, body: { config: { file_type: 'zip', page_limit: 100 } } });
    expect(configured.body['warnings']).toEqual([expect.stringContaining('tmp_dir is ignored')]);

    const id = await start();
    expect(await ended(id)).toEqual({ task_id: id, status: 'completed', progress: 100 });
    const response = await download(id);
    expect(response.headers.get('content-type')).toBe('application/zip');
    expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename="export-\d{4}-\d\d-\d\d\.zip"$/);
    const [csv] = Object.values(await unzip(Buffer.from(await response.arrayBuffer())));
    const table: string[][] = parse(csv!);
    const [header, ...rows] = table;
    expect(header).toEqual(['id', 'revenue', 'a', 'b', 'currency', 'country', 'status', 'paid', 'note', 'shipping']);
    const orders = demoOrders().map(({ id, amount, ordered_at, customer }) =>
      [id, amount, ordered_at, customer].map(String),
    );
    expect(rows.map(([id, amount, a, b]) => [id, String(Number(amount)), a, b])).toEqual(orders);
  }, 60_000);

  it('changes an input of a name that is there, and passes over columns that the source lacks', async () => {
    await post('inputs', { name: 'a', column: 1 });
    expect((await post('bulk-inputs', [{ name: 'a', column: 99 }, { name: 'b', column: 'amount' }])).body) // prettier-ignore
      .toMatchObject({ added_count: 1, updated_count: 1 });
    await post('configure', { file_type: 'json', unknown_field: 1 });
    const id = await start();
    expect((await ended(id)).status).toBe('completed');
    const rows = (await (await download(id)).json()) as Record<string, unknown>[];
    expect(rows).toHaveLength(100);
    expect(Object.keys(rows[0]!).slice(0, 4)).toEqual(['id', 'ordered_at', 'customer', 'b']);
  });

  it('answers bad input with 422 as FastAPI does', async () => {
    const answer = await post('bulk-inputs', [{ name: 'a', column: -1 }, { column: 2 }]);
    expect(answer.status).toBe(422);
    expect(answer.body['detail']).toEqual([
      { loc: ['body', 0, 'column'], msg: expect.any(String) as string, type: 'value_error' },
      { loc: ['body', 1, 'name'], msg: 'is required', type: 'missing' },
    ]);
    expect((await post('configure', { file_type: 'pdf' })).status).toBe(422);
    expect((await post('configure', { source_url: 'http://me:secret@api.example.com/' })).status).toBe(422);
    expect((await post('configure', { db_url: 'postgresql://me:secret@db/x' })).body['detail']).toEqual([
      { loc: ['body', 'db_url'], msg: expect.stringContaining('not allowed') as string, type: 'value_error' },
    ]);
    expect((await client.get(`${EXPORT}/status/nothing`)).status).toBe(422);
    expect((await client.get(`${EXPORT}/status/0190c0de-0000-7000-8000-000000000000`)).status).toBe(404);
  });

  it('follows a task over a WebSocket, cancels it, and has no file of it', async () => {
    await post('configure', { rate_limit: 2, page_limit: 100 });
    const id = await start();
    const socket = new WebSocket(`${client.url.replace('http', 'ws')}${EXPORT}/ws/${id}`, {
      headers: client.credential,
    });
    const statuses: string[] = [];
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    socket.on('message', (text: Buffer) => {
      statuses.push((JSON.parse(text.toString()) as { data: Task }).data.status);
    });
    await expect.poll(() => statuses).toContain('running');
    const cancelled = await client.send<Task>('DELETE', `${EXPORT}/cancel/${id}`);
    expect(cancelled).toMatchObject({ status: 200, body: { status: 'cancel_requested' } });
    expect(await closed).toBe(1000);
    expect(statuses.at(-1)).toBe('cancelled');
    expect((await statusOf(id)).status).toBe('cancelled');
    expect((await client.send('DELETE', `${EXPORT}/cancel/${id}`)).status).toBe(409);
    expect((await download(id)).status).toBe(409);
  });
});
