import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ManifestDto } from '../../src/reports/dto/report.dto.js';
import type { DownloadDto } from '../../src/results/http/run-wire.js';
import { BASE, type Client, type Report } from '../support/client.js';
import { Deployment } from '../support/deployment.js';
import { BIG_IDS, GOLDEN, STORE_UPTIME, uploadMovies, uploadStores } from '../support/report-data.js';

const JSON_ONLY = { accept: 'application/json' };

describe.each(['local', 's3'] as const)('a report over %s storage', (storage) => {
  let deployment: Deployment;
  let client: Client;
  let report: Report;
  let path: string;

  beforeAll(async () => {
    deployment = await Deployment.start({ storage });
    ({ client } = deployment);
    await uploadStores(client);
    await uploadMovies(client);
    report = await client.run(STORE_UPTIME);
    path = `${BASE}/reports/${report.report_id}`;
  });
  afterAll(() => deployment.stop());

  it('is answered at once and can be polled to its end', async () => {
    const { status, headers, body } = await client.create(STORE_UPTIME);
    expect(status).toBe(202);
    expect(headers.get('location')).toBe(`${BASE}/reports/${body.report_id}`);
    expect(headers.get('retry-after')).toBe('1');
    expect(body).toMatchObject({ report_name: 'store-uptime', terminal: false, error: null, format: 'csv' });
    await expect.poll(() => client.report(body.report_id)).toMatchObject({ status: 'completed', total_rows: 3 });
    const done = await client.get<Report>(headers.get('location')!);
    expect(done.headers.get('retry-after')).toBeNull();
    expect(done.body).toMatchObject({ terminal: true, attempt: 1, progress: null, time_zone: 'UTC' });
    expect(Date.parse(done.body.expires_at)).toBeGreaterThan(Date.parse(done.body.finished_at!));
  });

  it.each([
    ['the Prefer header', { headers: { prefer: 'respond-async, wait=20' } }],
    ['the query', { query: '?wait=20&page=1&page_size=2' }],
  ])('is waited for when %s says so', async (_, options) => {
    const { status, headers, body } = await client.create(STORE_UPTIME, options);
    expect(status).toBe(200);
    expect(headers.get('preference-applied')).toBe('wait=20');
    expect(body).toMatchObject({ status: 'completed', total_rows: 3 });
    expect(body.rows).toHaveLength('query' in options ? 1 : 3);
  });

  it('is shown in pages that name their neighbours', async () => {
    const first = await client.rows(report.report_id, '?page=0&page_size=2');
    expect(first.body).toMatchObject({ page: 0, page_size: 2, total_rows: 3 });
    expect(first.body.rows).toHaveLength(2);
    const at = (page: number) => `<${path}/rows?page=${String(page)}&page_size=2>`;
    expect(first.headers.get('link')).toBe(`${at(0)}; rel="first", ${at(1)}; rel="next", ${at(1)}; rel="last"`);
    const last = await client.rows(report.report_id, '?page=1&page_size=2');
    expect(last.headers.get('link')).toContain(`${at(0)}; rel="prev"`);
    expect(last.headers.get('link')).not.toContain('next');
    const beyond = await client.rows(report.report_id, '?page=7&page_size=2');
    expect(beyond).toMatchObject({ status: 200, body: { rows: [], total_rows: 3 } });
    expect(beyond.headers.get('link')).toContain(`${at(1)}; rel="prev"`);
  });

  it('keeps every digit of a big number in rows, CSV and JSON', async () => {
    const { rows, columns } = (await client.rows(report.report_id)).body;
    expect(rows.map((row) => row['store_id']).sort()).toEqual([...BIG_IDS].sort());
    expect(columns[0]).toEqual({ name: 'store_id', type: 'BIGINT', json: 'string' });
    expect(rows.find((row) => row['store_id'] === GOLDEN)).toMatchObject({
      uptime_last_day: 2.25,
      downtime_last_day: 0.75,
    });
    const [csv, json] = await Promise.all(['csv', 'json'].map((format) => fileOf(format)));
    const lines = csv!.toString().trimEnd().split('\n');
    expect(lines.slice(1).map((line) => line.split(',')[0])).toEqual(rows.map((row) => row['store_id']));
    expect(JSON.parse(json!.toString())).toEqual(rows);
  });

  it('is downloaded by redirect to a file that is what the manifest says', async () => {
    const redirect = await client.get(`${path}/download`);
    expect(redirect.status).toBe(302);
    expect(redirect.headers.get('cache-control')).toBe('no-store');
    const { bytes, headers } = await client.file(`${path}/download`);
    const { body: manifest } = await client.get<ManifestDto>(`${path}/manifest`);
    const artifact = manifest.artifacts.find(({ format }) => format === 'csv')!;
    expect({ size: bytes.length, sha256: sha256(bytes) }).toEqual({ size: artifact.size, sha256: artifact.sha256 });
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(artifact.file_name).toBe(`store-uptime-${report.report_date.slice(0, 10)}.csv`);
    expect(manifest).toMatchObject({
      rows: 3,
      definition: { name: 'store-uptime', version: 1 },
      datasets: expect.arrayContaining([{ name: 'store_status', version: 1 }]),
      parameters: { now: expect.stringContaining('2023-01-25T12:00:00') },
      as_of: report.report_date,
      warnings: [],
    });
    expect(manifest.columns.map(({ name }) => name)).toContain('polls_counted');
    expect(JSON.stringify(manifest)).not.toContain('runs/');
  });

  it('hands out the link as JSON to those who ask for JSON', async () => {
    const { status, body } = await client.get<DownloadDto>(`${path}/download`, JSON_ONLY);
    expect(status).toBe(200);
    const bytes = Buffer.from(await (await fetch(body.download_url)).arrayBuffer());
    expect({ size: bytes.length, sha256: sha256(bytes) }).toEqual({ size: body.size, sha256: body.sha256 });
    expect(Date.parse(body.expires_at)).toBeGreaterThan(Date.now());
  });

  it('is rendered in another format when it is asked for', async () => {
    const { report_id: id } = await client.run({ report_name: 'top-movies-per-rating', limit: 2 });
    const asked = await client.get<Report>(`${BASE}/reports/${id}/download?format=ndjson`, JSON_ONLY);
    expect(asked.status).toBe(202);
    expect(asked.headers.get('retry-after')).toBe('1');
    const ready = () => client.get<DownloadDto>(`${BASE}/reports/${id}/download?format=ndjson`, JSON_ONLY);
    await expect.poll(async () => (await ready()).status).toBe(200);
    const { bytes } = await client.file(`${BASE}/reports/${id}/download?format=ndjson`);
    const lines = bytes.toString().trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { title: string }).title)).toEqual(['A', 'C']);
    const waited = await client.get<DownloadDto>(`${BASE}/reports/${id}/download?format=json&wait=20`, JSON_ONLY);
    expect(waited).toMatchObject({ status: 200, body: { content_type: 'application/json' } });
    expect(await client.report(id)).toMatchObject({ attempt: 1, format: 'csv' });
  });

  it('goes with all its files when it is deleted', async () => {
    const { report_id: id } = await client.run(STORE_UPTIME);
    expect(await deployment.files.keys(`runs/${id}/`)).toHaveLength(2);
    expect((await client.send('DELETE', `${BASE}/reports/${id}`)).status).toBe(204);
    for (const method of ['GET', 'DELETE']) {
      const answer = await client.send(method, `${BASE}/reports/${id}`);
      expect(answer).toMatchObject({ status: 404, body: { code: 'run-not-found' } });
    }
    expect((await client.rows(id)).status).toBe(404);
    await expect.poll(() => deployment.files.keys(`runs/${id}/`), { timeout: 15_000 }).toEqual([]);
  });

  async function fileOf(format: string): Promise<Buffer> {
    const { status } = await client.get(`${path}/download?format=${format}&wait=20`);
    expect(status).toBe(302);
    return (await client.file(`${path}/download?format=${format}`)).bytes;
  }
});

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
