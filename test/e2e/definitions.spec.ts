import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DefinitionDto, DefinitionListDto } from '../../src/reports/dto/definition.dto.js';
import { BASE, type Client } from '../support/client.js';
import { Deployment } from '../support/deployment.js';
import { BIG, uploadStores } from '../support/report-data.js';

const PATH = `${BASE}/report-definitions`;
const SHIPPED = [
  'comments-per-year',
  'store-uptime',
  'top-commenters',
  'top-directors-per-comment',
  'top-directors-per-movie-rating',
  'top-movies-per-rating',
  'two-list-sum',
];
const POLLS = {
  name: 'polls-per-store',
  title: 'Polls per store',
  datasets: ['store_status'],
  parameters: { seen: { 'x-type': 'range', of: 'date-time' }, least: { type: 'integer', default: 1 } },
  sql: `SELECT store_id, count(*) AS polls FROM store_status WHERE in_range(timestamp_utc, $seen)
    GROUP BY store_id HAVING count(*) >= $least ORDER BY store_id`,
};

let deployment: Deployment;
let client: Client;

beforeAll(async () => {
  deployment = await Deployment.start();
  ({ client } = deployment);
  await uploadStores(client);
});
afterAll(() => deployment.stop());

describe('the catalogue', () => {
  it('shows every shipped report with what a caller needs', async () => {
    const { body } = await client.get<DefinitionListDto>(PATH);
    expect(body.definitions.map(({ name }) => name).sort()).toEqual(SHIPPED);
    for (const definition of body.definitions) {
      const { examples, formats, parameters, title } = definition;
      expect(examples.length).toBeGreaterThan(0);
      expect(formats).toEqual(expect.arrayContaining(['csv', 'json', 'ndjson']));
      expect(parameters).toMatchObject({ type: 'object', additionalProperties: false });
      expect(title).not.toBe('');
    }
    expect(await client.get(`${PATH}/store-uptime`)).toMatchObject({ body: { origin: 'shipped', version: 1 } });
    expect(await client.get(`${PATH}/two-list-sum/versions/1`)).toMatchObject({ body: { origin: 'code', sql: null } });
  });

  it('keeps what it ships', async () => {
    const changed = await client.send('PUT', `${PATH}/store-uptime`, { json: { ...POLLS, name: 'store-uptime' } });
    expect(changed).toMatchObject({ status: 409, body: { code: 'definition-read-only' } });
    const removed = await client.send('DELETE', `${PATH}/two-list-sum`);
    expect(removed).toMatchObject({ status: 409, body: { code: 'definition-read-only' } });
    const again = await store({ ...POLLS, name: 'store-uptime' });
    expect(again).toMatchObject({ status: 409, body: { code: 'definition-exists' } });
  });

  it.each(['no-such', 'store-uptime/versions/2'])('has no %s', async (rest) => {
    expect(await client.get(`${PATH}/${rest}`)).toMatchObject({ status: 404, body: { code: 'definition-not-found' } });
  });
});

describe('a stored definition', () => {
  it('is tried, described, versioned, pinned by its runs, and removed', async () => {
    const created = await store(POLLS);
    expect(created.status).toBe(201);
    expect(created.headers.get('location')).toBe(`${PATH}/${POLLS.name}`);
    expect(created.body).toMatchObject({ version: 1, origin: 'stored' });
    expect(created.body.columns).toEqual([
      { name: 'store_id', type: 'BIGINT' },
      { name: 'polls', type: 'BIGINT' },
    ]);
    expect(await store(POLLS)).toMatchObject({ status: 409, body: { code: 'definition-exists' } });
    const seen = { $gte: '2023-01-25T00:00:00Z', $lt: '2023-01-25T10:00:00Z' };
    const first = await client.run({ report_name: POLLS.name, seen });
    expect((await client.rows(first.report_id)).body.rows).toEqual([{ store_id: BIG, polls: 1 }]);
    expect(await client.create({ report_name: POLLS.name, least: 'x' })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/least' }] },
    });

    const sql = POLLS.sql.replace('AS polls', 'AS times');
    const second = await client.send('PUT', `${PATH}/${POLLS.name}`, { json: { ...POLLS, sql } });
    expect(second).toMatchObject({ status: 200, body: { version: 2 } });
    expect(await client.run({ report_name: POLLS.name })).toMatchObject({ definition_version: 2, total_rows: 3 });
    const pinned = await client.report(first.report_id);
    expect(pinned).toMatchObject({ definition_version: 1 });
    expect(await client.get(pinned.links.definition)).toMatchObject({ status: 200, body: { sql: POLLS.sql } });

    expect((await client.send('DELETE', `${PATH}/${POLLS.name}`)).status).toBe(204);
    expect((await client.get(`${PATH}/${POLLS.name}`)).status).toBe(404);
    expect(await client.create({ report_name: POLLS.name })).toMatchObject({ status: 422 });
    expect((await client.rows(first.report_id)).status).toBe(200);
  });

  it('pins the version that was current when the run was asked for', async () => {
    await client.define({ name: 'number', sql: 'SELECT 1 AS n' });
    await Promise.all(deployment.workers.map((worker) => worker.stop()));
    const { body } = await client.create({ report_name: 'number' });
    await client.send('PUT', `${PATH}/number`, { json: { title: 'Two', datasets: [], sql: 'SELECT 2 AS n' } });
    await deployment.startWorker();
    await client.ended(body.report_id);
    expect((await client.rows(body.report_id)).body.rows).toEqual([{ n: 1 }]);
  });

  it.each([
    ['a syntax error', { sql: 'SELECT 1 AS one\nFROM FROM', parameters: {} }, { pointer: '/sql', line: 2 }],
    [
      'an unknown column',
      { sql: 'SELECT store_id,\n  colour FROM store_status', parameters: {} },
      { pointer: '/sql', line: 2, column: 3 },
    ],
    ['a table that it does not name', { sql: 'SELECT * FROM timezones', parameters: {} }, { pointer: '/sql', line: 1 }],
    ['two statements', { sql: 'SELECT 1 AS a; SELECT 2 AS b', parameters: {} }, { pointer: '/sql' }],
    ['something else than a SELECT', { sql: 'DROP TABLE store_status', parameters: {} }, { pointer: '/sql' }],
    ['a file', { sql: "SELECT * FROM read_csv('/etc/passwd')", parameters: {} }, { pointer: '/sql', line: 1 }],
    ['a column without a name of its own', { sql: 'SELECT 1 AS a, 2 AS a', parameters: {} }, { pointer: '/sql' }],
    ['a placeholder that is not declared', { sql: 'SELECT $x AS x', parameters: {} }, { pointer: '/sql', line: 1 }],
    ['a dataset that is not there', { datasets: ['unknown'] }, { pointer: '/datasets/0' }],
    ['an unknown field', { colour: 'red' }, { pointer: '/colour' }],
    ['a bad name', { name: 'Bad Name' }, { pointer: '/name' }],
  ])('is refused for %s, with its place', async (_, change, place) => {
    const { status, body } = await store({ ...POLLS, name: 'refused', ...change });
    expect(status).toBe(422);
    expect(body).toMatchObject({ errors: expect.arrayContaining([expect.objectContaining(place)]) });
    expect(JSON.stringify(body)).not.toContain(deployment.folder);
    expect((await client.get(`${PATH}/refused`)).status).toBe(404);
  });
});

async function store(json: object) {
  return await client.send<DefinitionDto>('POST', PATH, { json });
}
