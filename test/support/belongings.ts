import { expect, vi } from 'vitest';
import type { SecretKeyDto } from '../../src/access/dto/api-key.dto.js';
import { SCOPES, type Scope } from '../../src/common/scope.js';
import type { DeliveryDto } from '../../src/webhooks/dto/delivery.dto.js';
import { BASE, type Client } from './client.js';
import { ExportsClient } from './exports-client.js';
import { uploadStores } from './report-data.js';
import { aSchedule } from './schedules-app.js';
import { defineSlowReport, MINUTES } from './slow-report.js';

/** Asks again until it is so; `expect.poll` is for tests only. */
const until = async (check: () => Promise<void>) => await vi.waitFor(check, { timeout: 30_000, interval: 50 });

/** Makes a key of an owner. */
export async function aKey(admin: Client, owner: string, scopes: readonly Scope[]): Promise<SecretKeyDto> {
  const json = { name: 'for a test', owner, scopes };
  const { status, body } = await admin.send<SecretKeyDto>('POST', `${BASE}/keys`, { json });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return body;
}

/** A key that has ended by itself. */
export async function expiredKey(admin: Client, owner: string): Promise<string> {
  const { key, key_id: id } = await aKey(admin, owner, SCOPES);
  const rotated = await admin.send('POST', `${BASE}/keys/${id}/rotate`, { json: { overlap_seconds: 0 } });
  if (rotated.status !== 201) throw new Error(JSON.stringify(rotated.body));
  return key;
}

export async function revokedKey(admin: Client, owner: string): Promise<string> {
  const { key, key_id: id } = await aKey(admin, owner, SCOPES);
  const revoked = await admin.send('DELETE', `${BASE}/keys/${id}`);
  if (revoked.status !== 204) throw new Error(JSON.stringify(revoked.body));
  return key;
}

/** Ids and names of what an owner has, one or more of every kind. */
export type Belongings = Awaited<ReturnType<typeof belongingsOf>>;

/** One and more of all that an owner can have. A worker that takes one run at a time is left in the middle of a report. */
export async function belongingsOf(client: Client, receiver: string) {
  await client.upload('rows', 'id\n1\n');
  await client.define({ name: 'mine', sql: 'SELECT 1 AS n' });
  await defineSlowReport(client);
  await uploadStores(client);
  const [told, schedule, task, message] = await Promise.all([
    toldOf(client, receiver),
    firedSchedule(client),
    endedTask(client),
    storedMessage(client),
  ]);
  const { export_id: exported } = await completedExport(client);
  const { report_id: stores } = (await client.get<{ report_id: string }>('/trigger_reportgen')).body;
  await client.ended(stores);
  const { body: running } = await client.create(MINUTES);
  await client.status(running.report_id, 'running');
  const { body: queued } = await client.create(MINUTES);
  const { body: waiting } = await new ExportsClient(client).create({ source: SOURCE, format: 'csv' });
  const ids = { ...told, schedule, task, message, exported, stores, running: running.report_id };
  return { ...ids, queued: queued.report_id, waiting: waiting.export_id };
}

const SOURCE = { type: 'dataset', datasets: 'rows' };

async function completedExport(client: Client) {
  const exports = new ExportsClient(client);
  const ended = await exports.run({ source: SOURCE, format: 'csv' });
  await exports.file(ended.export_id, 'csv');
  return ended;
}

/** A completed report with a file, whose callback URL was told of it; an endpoint that was pinged; and both deliveries. */
async function toldOf(client: Client, receiver: string) {
  const { body: hook } = await client.send<{ endpoint_id: string }>('POST', `${BASE}/webhooks`, {
    json: { url: receiver, events: ['export.error'] },
  });
  await client.send('POST', `${BASE}/webhooks/${hook.endpoint_id}/test`);
  const { report_id: report } = await client.run({ report_name: 'mine', callback_url: receiver });
  await client.get(`${BASE}/reports/${report}/download?wait=20`, { accept: 'application/json' });
  const one = async (path: string): Promise<string> => {
    const look = async () => (await client.get<{ deliveries: DeliveryDto[] }>(path)).body.deliveries;
    await until(async () => expect(await look()).toMatchObject([{ status: 'delivered' }]));
    return (await look())[0]!.delivery_id;
  };
  const delivery = await one(`${BASE}/webhooks/${hook.endpoint_id}/deliveries`);
  const callback = await one(`${BASE}/webhook-deliveries`);
  return { webhook: hook.endpoint_id, report, delivery, callback };
}

async function firedSchedule(client: Client): Promise<string> {
  const json = aSchedule({ name: 'yearly', cron: '0 0 1 1 *' });
  const { body } = await client.send<{ schedule_id: string }>('POST', `${BASE}/schedules`, { json });
  expect((await client.send('POST', `${BASE}/schedules/${body.schedule_id}/run`)).status).toBe(202);
  return body.schedule_id;
}

async function endedTask(client: Client): Promise<string> {
  await client.send('POST', '/api/export/configure', { json: { file_type: 'csv', rate_limit: 1000, page_limit: 100 } });
  await client.send('POST', '/api/export/inputs', { json: { name: 'revenue', column: 3 } });
  const { body } = await client.send<{ task_id: string }>('POST', '/api/export/start');
  const look = async () => (await client.get<{ status: string }>(`/api/export/status/${body.task_id}`)).body.status;
  await until(async () => expect(await look()).toBe('completed'));
  return body.task_id;
}

async function storedMessage(client: Client): Promise<string> {
  const json = { id: 'm-1', title: 'First', genre: 'romance' };
  await client.send('POST', `${BASE}/intake/messages`, { json });
  const look = async () => (await client.get<{ state: string }>(`${BASE}/intake/messages/m-1`)).body.state;
  await until(async () => expect(await look()).toBe('stored'));
  return json.id;
}
