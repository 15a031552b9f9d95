import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BASE } from '../support/client.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { Deployment } from '../support/deployment.js';
import { ExportsClient } from '../support/exports-client.js';
import { PagedApi } from '../support/paged-api.js';

/** What is read here would take days and fill any disk: that a run ends at all shows that its limit ended it. */
const ENDLESS = 'SELECT range AS n, random() AS x FROM range(1000000000000)';
const PER_PAGE = 100;

let deployment: Deployment;
let database: TestDatabase;
let exports: ExportsClient;
let api: PagedApi;

beforeAll(async () => {
  [database, api] = await Promise.all([createDatabase(), PagedApi.start({ pages: 1_000_000, perPage: PER_PAGE })]);
  deployment = await Deployment.start({
    environment: {
      OUTBOUND_ALLOW: '127.0.0.1',
      EXPORT_DATABASES: JSON.stringify({ shop: database.url }),
      // Should a limit not be in force that a test has set: no disk is filled because of that.
      LIMIT_BYTES: '50000000',
    },
  });
  exports = new ExportsClient(deployment.client);
  await deployment.client.upload('people', 'name\nann\n');
  await deployment.client.define({ name: 'endless', sql: ENDLESS });
  await deployment.client.define({
    name: 'long-texts',
    sql: `SELECT range AS n, repeat('a', 1000) AS t FROM range(20000)`,
  });
});
afterEach(async () => {
  api.requests.length = 0;
  await deployment.client.send('DELETE', `${BASE}/owners/default/limits`);
});
afterAll(async () => {
  await deployment.stop();
  await Promise.all([api.stop(), database.drop()]);
});

/** The worker asks for them again after 5 s at the latest, and is told of a change before that. */
async function limit(limits: object): Promise<void> {
  const { status } = await deployment.client.send('PUT', `${BASE}/owners/default/limits`, { json: limits });
  expect(status).toBe(200);
}

async function expectNothingLeft(id: string): Promise<void> {
  const [worker] = deployment.workers;
  await expect.poll(() => worker?.filesOfAttempts()).toEqual([]);
  await expect.poll(() => deployment.files.keys(`runs/${id}/`)).toEqual([]);
  expect(await deployment.files.unfinished()).toBe(0);
}

const reached = (detail: string) => ({
  status: 'error',
  attempt: 1,
  error: { code: 'limit-reached', attempt: 1, detail: expect.stringContaining(detail) as string },
});

describe('bytes', () => {
  it('end a report while it is written', async () => {
    await limit({ bytes: 3_000_000 });
    const ended = await deployment.client.run({ report_name: 'endless' });
    expect(ended).toMatchObject(reached('3000000 bytes'));
    await expectNothingLeft(ended.report_id);
  });

  it.each([
    ['a dataset', () => ({ type: 'dataset', datasets: 'people', query: ENDLESS })],
    ['an API', () => api.source],
    ['a database', () => ({ type: 'database', connection: 'shop', query: 'SELECT generate_series(1, 1000000000000)' })],
  ])('end an export of %s while it is fetched', async (_, source) => {
    await limit({ bytes: 200_000 });
    const ended = await exports.run({ source: source(), format: 'csv' });
    expect(ended).toMatchObject(reached('200000 bytes'));
    await expectNothingLeft(ended.export_id);
  });

  it('end a render, and leave the result', async () => {
    const { report_id: id } = await deployment.client.run({ report_name: 'long-texts', format: 'parquet' });
    const kept = await deployment.files.keys(`runs/${id}/`);
    expect(kept).toHaveLength(2);
    await limit({ bytes: 10_000_000 });
    const path = `${BASE}/reports/${id}/download?wait=20&format=`;
    const csv = await deployment.client.get(`${path}csv`);
    expect(csv).toMatchObject({ status: 429, body: { code: 'limit-reached' } });
    expect(csv.body).toMatchObject({ detail: expect.stringContaining('10000000 bytes') as string });
    expect(await deployment.files.keys(`runs/${id}/`)).toEqual(kept);
    await expect.poll(() => deployment.workers[0]?.filesOfAttempts()).toEqual([]);
    expect((await deployment.client.get(`${path}parquet`)).status).toBe(302);
    // A failed render is wanted anew.
    await limit({ bytes: 40_000_000 });
    await expect.poll(async () => (await deployment.client.get(`${path}csv`)).status, { timeout: 20_000 }).toBe(302);
  });

  it('end a run whose file is too large, though its result is not', async () => {
    await limit({ bytes: 10_000_000 });
    const ended = await deployment.client.run({ report_name: 'long-texts', format: 'csv' });
    expect(ended).toMatchObject(reached('10000000 bytes'));
    await expectNothingLeft(ended.report_id);
  });
});

describe('rows', () => {
  it('end the fetching of pages at the first one that is too much', async () => {
    await limit({ rows: 10 * PER_PAGE });
    const ended = await exports.run({ source: api.source, format: 'csv' });
    expect(ended).toMatchObject(reached('1000 rows'));
    expect(api.requests.map(({ page }) => page)).toEqual(Array.from({ length: 11 }, (_, page) => page));
    await expectNothingLeft(ended.export_id);
  });

  it('end the copying of a query', async () => {
    await limit({ rows: 1000 });
    const copy = async (rows: string) =>
      await exports.run({
        source: { type: 'database', connection: 'shop', query: `SELECT generate_series(1, ${rows}) AS n` },
        format: 'csv',
      });
    const ended = await copy('1000000000000');
    expect(ended).toMatchObject(reached('1000 rows'));
    await expectNothingLeft(ended.export_id);
    expect(await copy('1000')).toMatchObject({ status: 'completed', total_rows: 1000 });
  });
});
