import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Deployment } from '../support/deployment.js';
import { ExportsClient, type Export } from '../support/exports-client.js';
import { PagedApi, type PagedApiOptions } from '../support/paged-api.js';

let deployment: Deployment;
let exports: ExportsClient;
let upstream: PagedApi;

beforeAll(async () => {
  deployment = await Deployment.start({ environment: { OUTBOUND_ALLOW: '127.0.0.1' } });
  exports = new ExportsClient(deployment.client);
});
afterAll(() => deployment.stop());
afterEach(() => upstream.stop());

async function start(options: Partial<PagedApiOptions> = {}): Promise<void> {
  upstream = await PagedApi.start({ pages: 7, perPage: 10, ...options });
}

async function run(source: Record<string, unknown>): Promise<Export & { warnings: string[] }> {
  const ended = await exports.run({ source: { ...upstream.source, ...source } });
  const { warnings = [] } = ended.status === 'completed' ? await exports.manifest(ended.export_id) : {};
  return { ...ended, warnings };
}

async function idsOf({ export_id: id }: Export): Promise<unknown[]> {
  return (await exports.rows(id)).rows.map((row) => row['id']);
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('pagination', () => {
  it.each([
    ['page', { type: 'page' }, 1, 8],
    ['page with a total', { type: 'page', total_path: 'total' }, 1, 7],
    ['page with a number of pages', { type: 'page', total_pages_path: 'total_pages' }, 4, 7],
    ['page, several at a time', { type: 'page', total_path: 'total' }, 4, 7],
    ['offset', { type: 'offset', size: 10 }, 1, 8],
    ['offset, several at a time', { type: 'offset', size: 10, total_path: 'total' }, 4, 7],
    ['offset where the server gives less than is asked for', { type: 'offset', size: 100, total_path: 'total' }, 4, 7],
    ['cursor', { type: 'cursor', path: '/next_cursor' }, 1, 7],
    ['next', { type: 'next' }, 1, 7],
    ['link', { type: 'link' }, 1, 7],
    ['none', { type: 'none' }, 1, 1],
  ])('by %s gives all records in order', async (_, pagination, concurrency, requests) => {
    await start();
    const ended = await run({ pagination, concurrency });
    expect(ended).toMatchObject({ status: 'completed', warnings: [] });
    expect(await idsOf(ended)).toEqual(upTo(requests === 1 ? 10 : 70));
    expect(upstream.requests).toHaveLength(requests);
  });

  it('without a total ends at the first empty page, also with several requests at a time', async () => {
    await start();
    const ended = await run({ concurrency: 4 });
    expect(await idsOf(ended)).toEqual(upTo(70));
    expect(upstream.requests.length).toBeLessThanOrEqual(7 + 4);
  });

  it('takes a page beyond the end that is refused for none', async () => {
    await start({ answer: (page) => (page >= 9 ? { status: 404 } : undefined) });
    expect(await run({ concurrency: 4 })).toMatchObject({ status: 'completed', total_rows: 70 });
  });

  it('stops at page_limit and says so', async () => {
    await start();
    const ended = await run({ page_limit: 3, pagination: { type: 'cursor' } });
    expect(ended).toMatchObject({ status: 'completed', total_rows: 30 });
    expect(ended.warnings).toEqual([expect.stringMatching(/page_limit of 3/)]);
    expect(upstream.requests).toHaveLength(3);
  });

  it('sends no headers to another origin', async () => {
    const other = await PagedApi.start({ pages: 7, perPage: 10 });
    await start({
      render: (_, records) => JSON.stringify({ data: { items: records }, next: `${other.url}?page=7` }),
    });
    const ended = await run({ pagination: { type: 'next' }, headers: { 'X-Tenant': 'blue' } });
    await other.stop();
    expect(ended).toMatchObject({ status: 'completed', total_rows: 20 });
    expect(upstream.requests[0]!.headers['x-tenant']).toBe('blue');
    expect(other.requests[0]!.headers['x-tenant']).toBeUndefined();
  });
});

describe('formats', () => {
  it('of lines of JSON', async () => {
    await start({ render: (_, records) => records.map((record) => `${JSON.stringify(record)}\n`).join('') });
    expect(await idsOf(await run({ format: 'ndjson', records_path: '' }))).toEqual(upTo(70));
  });

  it('of CSV, with line ends in values', async () => {
    await start({
      record: (index) => `${String(index)},"a ""line""\r\nand ${String(index)}"\r\n`,
      render: (_, records) => `\ufeffid,note\r\n${records.join('')}`,
    });
    const ended = await run({ format: 'csv', records_path: '', pagination: { type: 'link' } });
    expect(await idsOf(ended)).toEqual(upTo(70));
    expect((await exports.rows(ended.export_id)).rows[3]).toEqual({ id: 3, note: 'a "line"\r\nand 3' });
  });

  it('keep integers beyond 64 bits and objects as they are', async () => {
    const text = '[{"n":12345678901234567890,"o":{"n":98765432109876543210}}]';
    await start({ render: () => text });
    const ended = await run({ records_path: '', pagination: { type: 'none' } });
    const file = (await exports.file(ended.export_id, 'csv')).toString();
    expect(file).toMatch(/^12345678901234567890,.*98765432109876543210/m);
  });

  it('that cannot be read end the export with page and place', async () => {
    await start({
      answer: (page) => (page === 2 ? { status: 200, body: '{"data":{"items":[{"id":1},]}}' } : undefined),
    });
    const ended = await run({});
    expect(ended).toMatchObject({ status: 'error', error: { code: 'source-failed' } });
    expect(ended.error?.detail).toMatch(/Page 3 .*page=3\) failed: .*record 2 is no object \(at byte 28 of 30\)/);
  });
});

describe('a source that drifts', () => {
  const cases: [string, Partial<PagedApiOptions>, Record<string, unknown>, RegExp, number][] = [
    [
      'a cursor that comes again',
      {
        render: (page, records) =>
          JSON.stringify({ data: { items: records }, next_cursor: page === 3 ? '2' : String(page + 2) }),
      },
      { pagination: { type: 'cursor' } },
      /Page 4 names as the next one the cursor of page 2 again/,
      40,
    ],
    [
      'a page that comes again',
      { record: (index) => ({ id: index % 50 }) },
      {},
      /Page 6 has the same records as page 1/,
      70,
    ],
    [
      'a total that changes',
      { render: (page, records) => JSON.stringify({ data: { items: records }, total: page < 3 ? 80 : 70 }) },
      { pagination: { type: 'page', total_path: 'total' } },
      /total was 80 on page 3 and 70 on page 4/,
      70,
    ],
    [
      'a total that is not reached',
      { render: (_, records) => JSON.stringify({ data: { items: records }, total: 99 }) },
      { pagination: { type: 'page', total_path: 'total' } },
      /total was 99, but there were 70 records/,
      70,
    ],
    [
      'a key that is there twice',
      { record: (index) => ({ id: index % 69 }) },
      { key: 'id' },
      /1 records? .*key "id"/,
      70,
    ],
  ];

  it.each(cases)('by %s ends with a warning, or fails if it shall', async (_, options, source, warning, rows) => {
    await start(options);
    const warned = await run(source);
    expect(warned).toMatchObject({ status: 'completed', total_rows: rows });
    expect(warned.warnings.some((text) => warning.test(text))).toBe(true);
    const failed = await run({ ...source, on_drift: 'fail' });
    expect(failed).toMatchObject({ status: 'error', error: { code: 'source-drift' }, attempt: 1 });
    expect(failed.error?.detail).toMatch(warning);
  });
});
