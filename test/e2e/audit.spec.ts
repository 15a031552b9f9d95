import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { SecretKeyDto } from '../../src/access/dto/api-key.dto.js';
import type { AuditEntryDto, AuditListDto } from '../../src/audit/dto/audit.dto.js';
import { SCOPES } from '../../src/common/scope.js';
import { aKey } from '../support/belongings.js';
import { BASE, type Client } from '../support/client.js';
import { Deployment } from '../support/deployment.js';
import { aSchedule } from '../support/schedules-app.js';

const SUM = { report_name: 'two-list-sum', list_a: [1, 2], list_b: [3], target: 5 };
const EXPORT = { source: { type: 'dataset', datasets: 'rows' }, format: 'csv' };

let deployment: Deployment;
let admin: Client;
/** Two keys of one owner. */
let first: SecretKeyDto;
let second: SecretKeyDto;
let requests = 0;

beforeAll(async () => {
  deployment = await Deployment.start({ environment: { WEBHOOK_SEAL_KEY: 'k'.repeat(32) } });
  admin = deployment.client;
  [first, second] = (await Promise.all([1, 2].map(() => aKey(admin, 'ann', SCOPES)))) as [SecretKeyDto, SecretKeyDto];
});
afterAll(() => deployment.stop());

interface Done<T> {
  body: T;
  /** What the audit must say of who did it. */
  by: Partial<AuditEntryDto>;
}

/** Sends a request with an id of its own. */
async function act<T>(key: SecretKeyDto, method: string, path: string, json?: unknown): Promise<Done<T>> {
  const id = `audited-${String((requests += 1))}`;
  const headers = { 'x-request-id': id, accept: '*/*' };
  const options = typeof json === 'string' ? { raw: json, headers: { ...headers, 'content-type': 'text/csv' } } : { json, headers }; // prettier-ignore
  const { status, body } = await admin.as(key.key).send<T>(method, path, options);
  expect([method, path, status < 400, body]).toEqual([method, path, true, body]);
  const by = { owner: 'ann', actor_type: 'key', actor_id: key.key_id, address: '127.0.0.1', request_id: id };
  return { body, by };
}

/** What is told of a thing, oldest first. */
async function entriesOf(resource: string): Promise<AuditEntryDto[]> {
  const { body } = await admin.get<AuditListDto>(`${BASE}/audit?owner=ann&resource=${resource}&limit=100`);
  return body.entries.toReversed();
}

describe('the audit over HTTP', () => {
  it.each([
    ['report', 'reports', SUM],
    ['export', 'exports', EXPORT],
  ])('names who created, downloaded, cancelled and deleted a %s', async (kind, path, json) => {
    await act(first, 'PUT', `${BASE}/datasets/rows/content`, 'id\n1\n');
    const created = await act<Record<string, string>>(first, 'POST', `${BASE}/${path}`, json);
    const id = created.body[`${kind}_id`]!;
    const status = async () => (await admin.as(first.key).get<{ status: string }>(`${BASE}/${path}/${id}`)).body.status;
    await expect.poll(status, { timeout: 30_000 }).toBe('completed');
    const downloaded = await act(second, 'GET', `${BASE}/${path}/${id}/download?wait=20`);
    const deleted = await act(second, 'DELETE', `${BASE}/${path}/${id}`);
    expect(await entriesOf(id)).toMatchObject([
      { action: `${kind}.create`, ...created.by },
      { action: `${kind}.download`, ...downloaded.by },
      { action: `${kind}.delete`, ...deleted.by },
    ]);
    const [worker] = deployment.workers;
    worker!.signal('SIGSTOP');
    const waiting = await act<Record<string, string>>(second, 'POST', `${BASE}/${path}`, json);
    const cancelled = await act(first, 'POST', `${BASE}/${path}/${waiting.body[`${kind}_id`]!}/cancel`);
    worker!.signal('SIGCONT');
    expect(await entriesOf(waiting.body[`${kind}_id`]!)).toMatchObject([
      { action: `${kind}.create`, ...waiting.by },
      { action: `${kind}.cancel`, ...cancelled.by },
    ]);
  });

  it('names who uploaded and deleted a dataset, and who made, changed and deleted a definition', async () => {
    await act(first, 'POST', `${BASE}/datasets`, { name: 'seen' });
    const uploaded = await act<{ id: string }>(second, 'PUT', `${BASE}/datasets/seen/content`, 'id\n1\n');
    const deleted = await act(first, 'DELETE', `${BASE}/datasets/seen`);
    const { body } = await admin.get<AuditListDto>(`${BASE}/audit?owner=ann&action=dataset.upload&limit=1`);
    expect(body.entries).toMatchObject([{ detail: { name: 'seen', version: 1 }, ...uploaded.by }]);
    const told = await entriesOf(body.entries[0]!.resource);
    expect(told.map(({ action }) => action)).toEqual(['dataset.create', 'dataset.upload', 'dataset.delete']);
    expect(told.at(-1)).toMatchObject(deleted.by);

    const definition = { name: 'seen', title: 'Seen', datasets: [], sql: 'SELECT 1 AS n' };
    const path = `${BASE}/report-definitions`;
    const made = await act(first, 'POST', path, definition);
    const changed = await act(second, 'PUT', `${path}/seen`, { ...definition, sql: 'SELECT 2 AS n' });
    const removed = await act(first, 'DELETE', `${path}/seen`);
    expect(await entriesOf('seen')).toMatchObject([
      { action: 'definition.create', ...made.by },
      { action: 'definition.change', ...changed.by },
      { action: 'definition.delete', ...removed.by },
    ]);
  });

  it('names who made, changed and deleted schedules, webhooks and keys', async () => {
    for (const [kind, json, change] of [
      ['schedule', aSchedule({ cron: '0 0 1 1 *' }), { cron: '0 1 1 1 *' }],
      ['webhook', { url: 'https://example.org/hook' }, { description: 'changed' }],
    ] as const) {
      const created = await act<{ links: { self: string } }>(first, 'POST', `${BASE}/${kind}s`, json);
      const changed = await act(second, 'PATCH', created.body.links.self, change);
      const deleted = await act(first, 'DELETE', created.body.links.self);
      expect(await entriesOf(created.body.links.self.split('/').at(-1)!)).toMatchObject([
        { action: `${kind}.create`, ...created.by },
        { action: `${kind}.change`, ...changed.by },
        { action: `${kind}.delete`, ...deleted.by },
      ]);
    }
    const made = await act<SecretKeyDto>(first, 'POST', `${BASE}/keys`, { name: 'new', scopes: ['reports:read'] });
    const revoked = await act(second, 'DELETE', `${BASE}/keys/${made.body.key_id}`);
    expect(await entriesOf(made.body.key_id)).toMatchObject([
      { action: 'key.create', ...made.by },
      { action: 'key.revoke', ...revoked.by },
    ]);
  });

  it('names the schedule, or the queue, that a run was started by', async () => {
    const schedule = await act<{ schedule_id: string }>(first, 'POST', `${BASE}/schedules`, aSchedule());
    const { schedule_id: id } = schedule.body;
    const fired = await act<{ run_id: string }>(second, 'POST', `${BASE}/schedules/${id}/run`);
    expect(await entriesOf(fired.body.run_id)).toMatchObject([
      { action: 'report.create', owner: 'ann', actor_type: 'schedule', actor_id: id, address: null },
    ]);
    expect(await entriesOf(id)).toMatchObject([
      { action: 'schedule.create', ...schedule.by },
      { action: 'schedule.run', ...fired.by },
    ]);
    await act(first, 'POST', `${BASE}/intake/messages`, { type: 'report', id: 'asked-for', body: SUM });
    const look = async () => {
      const { body } = await admin.as(first.key).get<{ run_id: string }>(`${BASE}/intake/messages/asked-for`);
      expect(body.run_id).toEqual(expect.any(String));
      return body.run_id;
    };
    const started = await vi.waitFor(look, { timeout: 30_000 });
    expect(await entriesOf(started)).toMatchObject([
      { action: 'report.create', owner: 'ann', actor_type: 'queue', actor_id: 'asked-for', address: null },
    ]);
  });

  it('does not name a replay, a look, or what was refused', async () => {
    const headers = { 'idempotency-key': 'audited once' };
    const client = admin.as(first.key);
    const { body } = await client.create(SUM, { headers });
    await client.create(SUM, { headers });
    await client.report(body.report_id);
    const stranger = await aKey(admin, 'bob', SCOPES);
    expect((await admin.as(stranger.key).send('DELETE', `${BASE}/reports/${body.report_id}`)).status).toBe(404);
    expect((await entriesOf(body.report_id)).map(({ action }) => action)).toEqual(['report.create']);
    const { body: all } = await admin.get<AuditListDto>(`${BASE}/audit?resource=${body.report_id}`);
    expect(all.entries).toHaveLength(1);
  });
});
