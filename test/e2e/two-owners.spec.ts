import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Scope, SCOPES } from '../../src/common/scope.js';
import type { IntakeMessageDto, IntakeOutputListDto, IntakeReceiptsDto } from '../../src/intake/dto/intake.dto.js';
import { aKey } from '../support/belongings.js';
import { BASE, type Client } from '../support/client.js';
import { Deployment } from '../support/deployment.js';
import { ExportsClient } from '../support/exports-client.js';
import { MISSING } from '../support/operations.js';
import { filesBelow } from '../support/processes.js';
import { aSchedule } from '../support/schedules-app.js';

const SUM = { report_name: 'two-list-sum', list_a: [1], list_b: [2], target: 3 };
const ROWS = { type: 'dataset', datasets: 'rows' };

let deployment: Deployment;
/** Two owners with the same names for everything. */
let ann: Client;
let bob: Client;

beforeAll(async () => {
  deployment = await Deployment.start();
  const scopes = SCOPES.filter((scope) => scope !== Scope.Admin);
  const keys = await Promise.all(['ann', 'bob'].map((owner) => aKey(deployment.client, owner, scopes)));
  [ann, bob] = keys.map(({ key }) => deployment.client.as(key)) as [Client, Client];
  for (const [owner, value] of [
    [ann, 'of ann'],
    [bob, 'of bob'],
  ] as const) {
    await owner.upload('rows', `who\n${value}\n`);
    await owner.define({ name: 'mine', datasets: ['rows'], sql: `SELECT who, '${value}' AS said FROM rows` });
    await owner.define({ name: 'same', sql: 'SELECT 1 AS n' });
  }
  await ann.upload('only_ann', 'secret\n1\n');
  await ann.define({ name: 'only-ann', sql: 'SELECT 1 AS n' });
}, 120_000);
afterAll(() => deployment.stop());

describe('reports of the same names', () => {
  it('read the datasets and definitions of their owner, whoever asked first', async () => {
    const rowsOf = async (owner: Client) => {
      const { report_id: id } = await owner.run({ report_name: 'mine', max_age: 600 });
      return (await owner.rows(id)).body.rows;
    };
    for (const _ of [1, 2]) {
      expect(await rowsOf(ann)).toEqual([{ who: 'of ann', said: 'of ann' }]);
      expect(await rowsOf(bob)).toEqual([{ who: 'of bob', said: 'of bob' }]);
    }
    const json = { title: 'Mine', datasets: ['rows'], sql: `SELECT 'changed' AS said FROM rows` };
    expect((await bob.send('PUT', `${BASE}/report-definitions/mine`, { json })).status).toBe(200);
    expect(await rowsOf(bob)).toEqual([{ said: 'changed' }]);
    expect(await rowsOf(ann)).toEqual([{ who: 'of ann', said: 'of ann' }]);
  });

  it.each([{ report_name: 'same' }, SUM])('share no run that may be reused: %j', async (request) => {
    const first = await ann.run({ ...request, max_age: 600 });
    const other = await bob.create({ ...request, max_age: 600 });
    expect(other.body).not.toHaveProperty('reuse');
    expect(other.body.report_id).not.toBe(first.report_id);
    const again = await ann.create({ ...request, max_age: 600 });
    expect(again.body).toMatchObject({ report_id: first.report_id, reuse: { kind: 'cache' } });
  });

  it('share no run of an Idempotency-Key', async () => {
    const headers = { 'idempotency-key': 'one key' };
    const first = await ann.create(SUM, { headers });
    const other = await bob.create({ ...SUM, target: 4 }, { headers });
    expect([first.status, other.status]).toEqual([202, 202]);
    expect(other.body.report_id).not.toBe(first.body.report_id);
    for (const [owner, json, id] of [
      [ann, SUM, first.body.report_id],
      [bob, { ...SUM, target: 4 }, other.body.report_id],
    ] as const) {
      expect((await owner.create(json, { headers })).body.report_id).toBe(id);
    }
  });
});

describe('messages of the same ids', () => {
  it('are each stored for their owner, and end in files of their own', async () => {
    const message = (owner: string) => JSON.stringify({ id: 'm', title: 'Twins', genre: 'romance', owner });
    const owners = { ann, bob };
    for (const [name, owner] of Object.entries(owners)) {
      const { body } = await owner.send<IntakeReceiptsDto>('POST', `${BASE}/intake/messages`, {
        raw: message(name),
        headers: { 'content-type': 'application/json' },
      });
      expect(body.messages).toMatchObject([{ id: 'm', repeated: false, reason: null }]);
    }
    const files: string[] = [];
    for (const owner of [ann, bob]) {
      const look = async () => (await owner.get<IntakeMessageDto>(`${BASE}/intake/messages/m`)).body;
      await expect.poll(look, { timeout: 30_000 }).toMatchObject({ state: 'stored' });
      const outputs = async () => (await owner.get<IntakeOutputListDto>(`${BASE}/intake/outputs`)).body.outputs;
      await expect.poll(outputs, { timeout: 30_000 }).toHaveLength(1);
      files.push((await outputs())[0]!.file_name);
    }
    expect(new Set(files).size).toBe(2);
    const stored = (await filesBelow(deployment.folder)).filter((file) => files.some((name) => file.endsWith(name)));
    expect(stored).toHaveLength(2);
  });
});

describe('schedules and drafts of the same names', () => {
  it('are each their own', async () => {
    for (const owner of [ann, bob]) {
      const { status } = await owner.send('POST', `${BASE}/schedules`, {
        json: aSchedule({ name: 'nightly', cron: '0 0 1 1 *' }),
      });
      expect(status).toBe(201);
      await owner.send('POST', '/api/export/inputs', { json: { name: 'a', column: owner === ann ? 1 : 2 } });
    }
    const inputs = async (owner: Client) =>
      (await owner.get<{ inputs: { column: number }[] }>('/api/export/inputs-list')).body.inputs;
    expect([await inputs(ann), await inputs(bob)]).toMatchObject([[{ column: 1 }], [{ column: 2 }]]);
    await bob.send('DELETE', '/api/export/inputs-clear');
    expect([await inputs(ann), await inputs(bob)]).toMatchObject([[{ column: 1 }], []]);
  });
});

describe('what another owner has', () => {
  it('cannot be named in a request: the answer is that of what never was', async () => {
    const { report_id: id } = await ann.run({ report_name: 'same' });
    const source = (report_id: string) => ({ source: { type: 'report', report_id }, format: 'csv' });
    const pairs: [string, unknown, unknown][] = [
      ['reports', { report_name: 'only-ann' }, { report_name: 'no-such' }],
      ['exports', source(id), source(MISSING)],
      ['exports', { source: { ...ROWS, datasets: 'only_ann' } }, { source: { ...ROWS, datasets: 'no_such' } }],
      ['schedules', aSchedule({ body: { report_name: 'only-ann' } }), aSchedule({ body: { report_name: 'no-such' } })],
      [
        'schedules',
        aSchedule({ kind: 'export', body: source(id) }),
        aSchedule({ kind: 'export', body: source(MISSING) }),
      ],
      ['report-definitions', tableOf('only_ann'), tableOf('no_such')],
    ];
    for (const [path, there, missing] of pairs) {
      const [one, none] = await Promise.all(
        [there, missing].map((json) => bob.send('POST', `${BASE}/${path}`, { json })),
      );
      const plain = (body: unknown) =>
        JSON.stringify(body)
          .replaceAll(/only[-_]ann|no[-_]such/g, '…')
          .replaceAll(id, '…')
          .replaceAll(MISSING, '…')
          .replace(/"request_id":"[^"]*"/, '');
      expect([path, one!.status, plain(one!.body)]).toEqual([path, none!.status, plain(none!.body)]);
      expect(one!.status).toBeGreaterThanOrEqual(400);
    }
  });

  it('is in no list that goes on from a cursor of its owner', async () => {
    for (const owner of [ann, bob]) {
      for (const _ of [1, 2]) await new ExportsClient(owner).create({ source: ROWS, format: 'csv' });
    }
    for (const list of ['reports', 'exports', 'datasets'] as const) {
      type List = Record<typeof list, unknown[]> & { next_cursor: string };
      const mine = await ann.get<List>(`${BASE}/${list}?limit=1`);
      const all = await bob.get<List>(`${BASE}/${list}?limit=100`);
      const seen = await bob.get<List>(`${BASE}/${list}?limit=100&cursor=${mine.body.next_cursor}`);
      expect(seen.status).toBe(200);
      const known = all.body[list].map((one) => JSON.stringify(one));
      for (const one of seen.body[list]) expect(known).toContain(JSON.stringify(one));
    }
  });

  it('stays when the same name is deleted', async () => {
    for (const path of ['datasets/rows', 'report-definitions/mine']) {
      expect((await bob.send('DELETE', `${BASE}/${path}`)).status).toBe(204);
      expect((await bob.get(`${BASE}/${path}`)).status).toBe(404);
      expect((await ann.get(`${BASE}/${path}`)).status).toBe(200);
    }
    const { report_id: id } = await ann.run({ report_name: 'mine' });
    expect((await ann.rows(id)).body.rows).toEqual([{ who: 'of ann', said: 'of ann' }]);
  });
});

/** A definition that reads a dataset. */
const tableOf = (dataset: string) => ({
  name: 'reads-a-dataset',
  title: 'Reads',
  datasets: [dataset],
  sql: `SELECT * FROM "${dataset}"`,
});
