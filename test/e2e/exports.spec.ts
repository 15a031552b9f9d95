import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExportDto } from '../../src/exports/dto/export.dto.js';
import type { DownloadDto } from '../../src/results/http/run-wire.js';
import { BASE, type Client, type ReceivedEvent } from '../support/client.js';
import { Deployment } from '../support/deployment.js';
import { DATASET, MINUTES, PEOPLE, uploadPeople } from '../support/export-data.js';
import { ExportsClient } from '../support/exports-client.js';
import { uploadMovies } from '../support/report-data.js';

const JSON_ONLY = { accept: 'application/json' };
let deployment: Deployment;
let client: Client;
let exports: ExportsClient;

beforeAll(async () => {
  deployment = await Deployment.start();
  ({ client } = deployment);
  exports = new ExportsClient(client);
  await uploadPeople(client);
  await uploadMovies(client);
});
afterAll(() => deployment.stop());

describe('an export of a dataset', () => {
  it('is answered at once and can be polled to its end', async () => {
    const { status, headers, body } = await exports.create(DATASET);
    expect(status).toBe(202);
    expect(headers.get('location')).toBe(`${BASE}/exports/${body.export_id}`);
    expect(headers.get('retry-after')).toBe('1');
    expect(body).toMatchObject({ name: 'people', source: 'dataset', format: 'csv', terminal: false, error: null });
    expect(body.parameters).toMatchObject({
      source: { type: 'dataset', datasets: ['people'] },
      nested: 'json',
      sort: [],
    });
    expect(body.links).toMatchObject({ self: headers.get('location'), ws: `${headers.get('location')!}/ws` });
    await expect
      .poll(() => exports.show(body.export_id), { timeout: 20_000 })
      .toMatchObject({ status: 'completed', total_rows: 3 });
    expect(await exports.show(body.export_id)).toMatchObject({ terminal: true, attempt: 1, progress: null });
  });

  it('is waited for when the request says so, and shows the asked page', async () => {
    const { status, headers, body } = await exports.create(DATASET, { query: '?wait=20&page=1&page_size=2' });
    expect(status).toBe(200);
    expect(headers.get('preference-applied')).toBe('wait=20');
    expect(body).toMatchObject({ status: 'completed', page: 1, rows: [PEOPLE[2]] });
  });

  it('has the same rows in every format, and is what the manifest says', async () => {
    const { export_id: id, created_at: createdAt } = await exports.run({ ...DATASET, name: 'Müşteri 1.a' });
    const rows = await exports.rows(id);
    expect(rows).toMatchObject({ export_id: id, total_rows: 3, rows: PEOPLE });
    const csv = 'id,name,city,spent\n1,Ada,Paris,12.5\n2,Büşra,Paris,7.0\n3,Cem,Rome,\n';
    expect((await exports.file(id, 'csv')).toString().replaceAll('\r', '')).toBe(csv);
    expect(JSON.parse((await exports.file(id, 'json')).toString())).toEqual(PEOPLE);
    const lines = (await exports.file(id, 'ndjson')).toString().trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(PEOPLE);
    expect((await exports.file(id, 'parquet')).subarray(0, 4).toString()).toBe('PAR1');
    for (const format of ['xlsx', 'zip']) {
      expect((await exports.file(id, format)).subarray(0, 4).toString('latin1')).toBe('PK\x03\x04');
    }
    const manifest = await exports.manifest(id);
    expect(manifest).toMatchObject({
      export_id: id,
      name: 'Müşteri 1.a',
      rows: 3,
      source: { type: 'dataset', datasets: [{ name: 'people', version: 1 }] },
      datasets: [{ name: 'people', version: 1 }],
      as_of: createdAt,
      warnings: [],
    });
    expect(manifest.artifacts.map(({ format, rows: count }) => [format, count])).toEqual(
      ['csv', 'json', 'ndjson', 'parquet', 'xlsx', 'zip'].map((format) => [format, 3]),
    );
    for (const { format, size, sha256, file_name: name } of manifest.artifacts) {
      const bytes = await exports.file(id, format);
      expect([size, sha256]).toEqual([bytes.length, createHash('sha256').update(bytes).digest('hex')]);
      expect(name).toBe(`Müşteri 1.a-${createdAt.slice(0, 10)}.${format}`);
    }
    expect(JSON.stringify(manifest)).not.toContain('runs/');
  });

  it('is shaped: columns, filter, groups, order, limit', async () => {
    const shaped = await exports.run({
      ...DATASET,
      columns: [
        { name: 'Spent', column: 'spent', change_order: 0 },
        { name: 'Who', column: 1 },
      ],
      other_columns: 'drop',
      filter: { Spent: { $gte: 1 } },
      sort: [{ column: 'Spent' }],
      format: 'json',
    });
    expect(JSON.parse((await exports.file(shaped.export_id, 'json')).toString())).toEqual([
      { Spent: 7, Who: 'Büşra' },
      { Spent: 12.5, Who: 'Ada' },
    ]);
    const grouped = await exports.run({
      ...DATASET,
      group_by: ['city'],
      aggregates: [{ name: 'n', function: 'count' }],
      sort: [{ column: 'n', direction: 'desc' }],
      limit: 1,
    });
    expect((await exports.rows(grouped.export_id)).rows).toEqual([{ city: 'Paris', n: 2 }]);
  });

  it('is written as its options say', async () => {
    const options = { profile: 'excel-eu', null_text: 'none' };
    const { export_id: id, ...created } = await exports.run({ ...DATASET, format_options: options });
    expect(created.format_options).toEqual(options);
    const lines = (await exports.file(id, 'csv')).toString().split('\r\n');
    expect(lines[0]).toBe('\ufeffid;name;city;spent');
    expect(lines.slice(1, 4)).toEqual(['1;Ada;Paris;12,5', '2;Büşra;Paris;7,0', '3;Cem;Rome;none']);
    expect(await exports.create({ ...DATASET, format: 'parquet', format_options: { bom: true } })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/format_options/bom' }] },
    });
  });

  it('can be of what a query makes of several datasets', async () => {
    const source = {
      type: 'dataset',
      datasets: ['people', 'movies'],
      query: 'SELECT title, name FROM movies JOIN people ON year = 1993 + id ORDER BY title; -- one',
    };
    const ended = await exports.run({ source, name: 'joined' });
    expect(ended).toMatchObject({ status: 'completed', name: 'joined' });
    expect((await exports.rows(ended.export_id)).rows).toEqual([{ title: 'A', name: 'Ada' }]);
    expect((await exports.manifest(ended.export_id)).datasets.map(({ name }) => name)).toEqual(['people', 'movies']);
  });

  it('reads the versions that were the newest when it was asked for', async () => {
    await client.upload('growing', 'n\n1\n');
    const before = await exports.run({ source: { type: 'dataset', datasets: 'growing' }, max_age: 600 });
    await client.upload('growing', 'n\n1\n2\n');
    const after = await exports.create({ source: { type: 'dataset', datasets: 'growing' }, max_age: 600 });
    expect(after.body.export_id).not.toBe(before.export_id);
    expect((await exports.manifest(before.export_id)).datasets).toEqual([{ name: 'growing', version: 1 }]);
  });

  it('tells what went wrong in the query, and GET stays 200', async () => {
    const query = 'SELECT CAST(name AS INTEGER) AS n FROM people';
    const ended = await exports.run({ source: { type: 'dataset', datasets: 'people', query } });
    expect(ended).toMatchObject({ status: 'error', attempt: 1, error: { code: 'query-failed' } });
    expect(ended.error?.detail).toContain('Ada');
    expect(await deployment.files.keys(`runs/${ended.export_id}/`)).toEqual([]);
  });
});

describe('an export of a report', () => {
  it('is its result in another format, with the queries run once', async () => {
    const report = await client.run({ report_name: 'top-movies-per-rating', limit: 2 });
    const ended = await exports.run({ source: { type: 'report', report_id: report.report_id }, format: 'ndjson' });
    expect(ended).toMatchObject({
      status: 'completed',
      name: 'top-movies-per-rating',
      source: 'report',
      total_rows: 2,
    });
    const lines = (await exports.file(ended.export_id, 'ndjson')).toString().trimEnd().split('\n');
    const rows = (await client.rows(report.report_id)).body.rows;
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(rows);
    expect(await exports.manifest(ended.export_id)).toMatchObject({
      source: { type: 'report', report_id: report.report_id, report_name: 'top-movies-per-rating' },
      datasets: [{ name: 'movies', version: 1 }],
    });
  });

  it('is refused when there is no result', async () => {
    const unknown = { type: 'report', report_id: '01900000-0000-7000-8000-000000000000' };
    expect(await exports.create({ source: unknown })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/source/report_id' }] },
    });
    const { body: running } = await exports.create(MINUTES);
    const anExport = { type: 'report', report_id: running.export_id };
    expect(await exports.create({ source: anExport })).toMatchObject({ status: 422 });
    await client.define({ name: 'fails', sql: "SELECT CAST('x' || range AS INTEGER) AS n FROM range(3)" });
    const failed = await client.run({ report_name: 'fails' });
    expect(await exports.create({ source: { type: 'report', report_id: failed.report_id } })).toMatchObject({
      status: 409,
      body: { code: 'run-not-completed', errors: [{ pointer: '/source/report_id' }] },
    });
    await client.send('DELETE', `${BASE}/exports/${running.export_id}`);
  });
});

describe('an export at work', () => {
  it('tells its story in events that can be resumed, and is cancelled', async () => {
    const { body } = await exports.create(MINUTES);
    const id = body.export_id;
    await exports.status(id, ({ data }) => data.progress?.phase === 'query');
    expect(await client.send('POST', `${BASE}/exports/${id}/cancel`)).toMatchObject({ status: 202 });
    const all = await collect(exports.events(id));
    const statuses = all.filter(({ type }) => type === 'status').map(({ data }) => data.status);
    expect(statuses).toEqual(['queued', 'running', 'cancelling', 'cancelled']);
    const running = all.find(({ data }) => data.status === 'running')!;
    const resumed = await collect(exports.events(id, running.id));
    expect(resumed.filter(({ type }) => type === 'status').map(({ data }) => data.status)).toEqual([
      'cancelling',
      'cancelled',
    ]);
    expect(await client.send('POST', `${BASE}/exports/${id}/cancel`)).toMatchObject({ status: 409 });
    expect(await deployment.files.keys(`runs/${id}/`)).toEqual([]);
    expect(await exports.get(id, '/rows')).toMatchObject({ status: 409, body: { code: 'run-not-completed' } });
  });

  it('goes with all its files when it is deleted', async () => {
    const { export_id: id } = await exports.run(DATASET);
    expect(await deployment.files.keys(`runs/${id}/`)).toHaveLength(2);
    expect((await client.send('DELETE', `${BASE}/exports/${id}`)).status).toBe(204);
    expect(await exports.get(id)).toMatchObject({ status: 404, body: { code: 'run-not-found' } });
    await expect.poll(() => deployment.files.keys(`runs/${id}/`), { timeout: 15_000 }).toEqual([]);
  });

  it('hands out its file by redirect, or the link as JSON', async () => {
    const { export_id: id } = await exports.run({ ...DATASET, format: 'json' });
    const redirect = await exports.get(id, '/download');
    expect(redirect.status).toBe(302);
    expect(redirect.headers.get('cache-control')).toBe('no-store');
    const link = await exports.get<DownloadDto>(id, '/download', JSON_ONLY);
    expect(link).toMatchObject({ status: 200, body: { content_type: 'application/json' } });
    expect(await (await fetch(link.body.download_url)).json()).toEqual(PEOPLE);
    const other = await exports.get<ExportDto>(id, '/download?format=csv', JSON_ONLY);
    expect(other).toMatchObject({ status: 202, body: { export_id: id } });
  });
});

describe('a report that expires before its export begins', () => {
  it('is the reason that the export ends with', async () => {
    await Promise.all(deployment.workers.map((worker) => worker.stop()));
    await deployment.startWorker({ RESULT_TTL_SECONDS: '10', RUN_SWEEP_SECONDS: '1', WORKER_CONCURRENCY: '1' });
    const { body: ahead } = await exports.create(MINUTES);
    const { report_id: id } = await client.run({ report_name: 'top-movies-per-rating' });
    const { body } = await exports.create({ source: { type: 'report', report_id: id } });
    await expect.poll(() => client.report(id), { timeout: 40_000 }).toMatchObject({ status: 'expired' });
    const expired = await exports.create({ source: { type: 'report', report_id: id } });
    expect(expired).toMatchObject({ status: 422, body: { errors: [{ pointer: '/source/report_id' }] } });
    await client.send('DELETE', `${BASE}/exports/${ahead.export_id}`);
    await exports.status(body.export_id, ({ data }) => data.terminal);
    expect(await exports.show(body.export_id)).toMatchObject({ status: 'error', error: { code: 'result-expired' } });
  });
});

async function collect(events: AsyncGenerator<ReceivedEvent>): Promise<ReceivedEvent[]> {
  return await Array.fromAsync(events);
}
