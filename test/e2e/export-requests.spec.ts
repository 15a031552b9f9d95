import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExportListDto } from '../../src/exports/dto/export.dto.js';
import { BASE, type Client } from '../support/client.js';
import { Deployment } from '../support/deployment.js';
import { DATASET, uploadPeople } from '../support/export-data.js';
import { ExportsClient } from '../support/exports-client.js';
import { uploadMovies } from '../support/report-data.js';

interface OpenApi {
  paths: Record<string, { post: { requestBody: { content: { 'application/json': { examples: Examples } } } } }>;
}
type Examples = Record<string, { value: { source: { type: string } } }>;

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

describe('a request that cannot be used', () => {
  it.each([
    ['no source', {}, ['/source']],
    ['an unknown source', { source: { type: 'ftp' } }, ['/source/type']],
    ['a field of another source', { source: { type: 'dataset', datasets: 'people', url: 'x' } }, ['/source/url']],
    ['an unknown field', { ...DATASET, formatt: 'csv' }, ['/formatt']],
    ['an unknown format', { ...DATASET, format: 'docx' }, ['/format']],
    ['an unknown option', { ...DATASET, format_options: { colour: 'red' } }, ['/format_options/colour']],
    ['an unknown time zone', { ...DATASET, time_zone: 'Mars/Olympus' }, ['/time_zone']],
    ['an offset for a time zone', { ...DATASET, time_zone: '+05:30' }, ['/time_zone']],
    [
      'a sort that groups have lost',
      { ...DATASET, group_by: ['city'], sort: [{ column: 'name' }] },
      ['/sort/0/column'],
    ],
    ['the same bound twice', { ...DATASET, filter: { spent: { $gt: 1, gt: 2 } } }, ['/filter/spent/gt']],
    ['a list that is a text', { ...DATASET, filter: { city: { include: 'Rome' } } }, ['/filter/city/include']],
    ['a bound that is null', { ...DATASET, filter: { spent: { $gt: null } } }, ['/filter/spent/$gt']],
    ['a filter that is none', { ...DATASET, filter: { spent: 3 } }, ['/filter/spent']],
    ['an unknown field of a filter', { ...DATASET, filter: { spent: { above: 3 } } }, ['/filter/spent/above']],
    ['a negative age', { ...DATASET, max_age: -1 }, ['/max_age']],
    ['a callback that is no URL', { ...DATASET, callback_url: 'example.com' }, ['/callback_url']],
    ['a callback with a password', { ...DATASET, callback_url: 'https://a:b@example.com/' }, ['/callback_url']],
    ['a name with a slash', { ...DATASET, name: '../etc/passwd' }, ['/name']],
    ['a name that is hidden', { ...DATASET, name: '.bashrc' }, ['/name']],
    ['a name beyond 100 characters', { ...DATASET, name: 'x'.repeat(101) }, ['/name']],
    ['a filter with an unknown bound', { ...DATASET, filter: { id: { $min: 1 } } }, ['/filter/id/$min']],
    ['a column that is not there', { ...DATASET, columns: [{ name: 'A', column: 'nope' }] }, ['/columns/0/column']],
    ['a place that is not there', { ...DATASET, columns: [{ name: 'A', column: 9 }] }, ['/columns/0/column']],
    ['several bad fields', { ...DATASET, limit: 0, x: 1, format: 1 }, ['/format', '/limit', '/x']],
    [
      'a missing dataset',
      { source: { type: 'dataset', datasets: ['people', 'nobody'], query: 'SELECT 1 AS n' } },
      ['/source/datasets/1'],
    ],
    [
      'two datasets without a query',
      { source: { type: 'dataset', datasets: ['people', 'movies'] } },
      ['/source/query'],
    ],
    ['a password in a URL', { source: { type: 'http', url: 'https://ann:secret@example.com/' } }, ['/source/url']],
    ['a report id that is none', { source: { type: 'report', report_id: '17' } }, ['/source/report_id']],
  ])('names the place of %s', async (_, body, pointers) => {
    const answer = await exports.create(body);
    expect(answer).toMatchObject({
      status: 422,
      body: { code: expect.stringMatching(/^(validation-failed|shape-invalid)$/) },
    });
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    const { errors } = answer.body;
    expect(errors?.map(({ pointer }) => pointer).sort()).toEqual(pointers);
    expect(JSON.stringify(answer.body)).not.toContain('secret@');
  });

  it('is told where its query is wrong', async () => {
    const query = 'SELECT id,\n  nope FROM people';
    const answer = await exports.create({ source: { type: 'dataset', datasets: 'people', query } });
    expect(answer).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/source/query', line: 2, column: 3, detail: expect.stringContaining('nope') }] },
    });
    const file = await exports.create({
      source: { type: 'dataset', datasets: 'people', query: "SELECT * FROM read_text('/etc/passwd')" },
    });
    expect(file).toMatchObject({ status: 422, body: { errors: [{ pointer: '/source/query' }] } });
  });

  it('does not find a report among the exports, nor an export among the reports', async () => {
    const report = await client.run({ report_name: 'top-movies-per-rating' });
    const ended = await exports.run(DATASET);
    for (const part of ['', '/rows', '/download', '/manifest', '/events']) {
      expect(await exports.get(report.report_id, part)).toMatchObject({ status: 404, body: { code: 'run-not-found' } });
      expect(await client.get(`${BASE}/reports/${ended.export_id}${part}`)).toMatchObject({ status: 404 });
    }
    expect(await client.send('DELETE', `${BASE}/exports/${report.report_id}`)).toMatchObject({ status: 404 });
    expect(await client.send('POST', `${BASE}/reports/${ended.export_id}/cancel`)).toMatchObject({ status: 404 });
  });
});

describe('a repeated request', () => {
  it('is the same export by its Idempotency-Key, and another request is refused', async () => {
    const headers = { 'idempotency-key': 'export-1' };
    const first = await exports.create(DATASET, { headers });
    const again = await exports.create(DATASET, { headers });
    expect(again.body.export_id).toBe(first.body.export_id);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(await exports.create({ ...DATASET, format: 'json' }, { headers })).toMatchObject({
      status: 422,
      body: { code: 'idempotency-key-reused' },
    });
  });

  it('shares the result of an equal one when it may', async () => {
    const request = { ...DATASET, limit: 2, max_age: 600 };
    const first = await exports.run(request);
    const again = await exports.create(request);
    expect(again.body).toMatchObject({
      export_id: first.export_id,
      reuse: { kind: 'cache', as_of: first.finished_at },
    });
    for (const other of [{ limit: 1 }, { format: 'json' }, { name: 'else' }, { max_age: 0 }]) {
      expect((await exports.create({ ...request, ...other })).body.export_id).not.toBe(first.export_id);
    }
  });
});

describe('the list of exports', () => {
  it('goes on by cursor, newest first, and filters', async () => {
    const since = new Date().toISOString();
    const report = await client.run({ report_name: 'top-movies-per-rating' });
    const ids: string[] = [];
    for (const name of ['one', 'two', 'three']) ids.unshift((await exports.run({ ...DATASET, name })).export_id);
    const source = { type: 'report', report_id: report.report_id };
    ids.unshift((await exports.run({ source, name: 'two' })).export_id);
    const window = `created_after=${since}`;
    expect(await idsOf(window)).toEqual(ids);
    expect(await idsOf(`${window}&source=report`)).toEqual([ids[0]]);
    expect(await idsOf(`${window}&source=dataset&name=two`)).toEqual([ids[2]]);
    expect(await idsOf(`${window}&status=error`)).toEqual([]);
    const first = await client.get<ExportListDto>(`${BASE}/exports?${window}&limit=3`);
    expect(first.headers.get('link')).toContain('rel="next"');
    expect(await idsOf(`${window}&limit=3&cursor=${first.body.next_cursor!}`)).toEqual(ids.slice(3));
    expect(await client.get(`${BASE}/exports?source=ftp`)).toMatchObject({ status: 422 });
    const reports = await client.get<{ reports: unknown[] }>(`${BASE}/reports?${window}`);
    expect(reports.body.reports).toHaveLength(1);
  });
});

describe('the OpenAPI document', () => {
  it('has examples that the service takes', async () => {
    const { paths } = (await client.get<OpenApi>(`${BASE}/openapi.json`)).body;
    const { examples } = paths[`${BASE}/exports`]!.post.requestBody.content['application/json'];
    await client.upload('comments', 'name,movie_id,text\nAda,000000000000000000000000,hm\n');
    await client.upload('users', 'name\nAda\n');
    for (const [name, { value }] of Object.entries(examples)) {
      if (value.source.type !== 'dataset') continue;
      const ended = await exports.run(value);
      expect([name, ended.status, ended.error?.detail]).toEqual([name, 'completed', undefined]);
    }
  });
});

async function idsOf(query: string): Promise<string[]> {
  const { body } = await client.get<ExportListDto>(`${BASE}/exports?${query}`);
  return body.exports.map(({ export_id: id }) => id);
}
