import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DatasetsApp, type Answer } from '../support/datasets-app.js';

const LIMIT = 1_000_000;
const DATA = join(import.meta.dirname, '../../../shared/data');

let app: DatasetsApp;
beforeAll(async () => {
  app = await DatasetsApp.start();
});
afterAll(async () => {
  await app.stop();
});

describe('versions', () => {
  it('count up, also for uploads at once, and the newest is the one that is read', async () => {
    const answers = await Promise.all(
      [1, 2, 3, 4].map((n) => app.put('counted', `a\n${String(n)}\n`, { type: 'text/csv' })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 201]);
    const shown = (await (await fetch(`${app.url}/counted`)).json()) as Answer;
    expect(shown.versions?.map(({ version }) => version)).toEqual([4, 3, 2, 1]);
    await app.put('counted', 'a\n99\n', { type: 'text/csv' });
    expect(await app.rows('counted')).toEqual([{ a: 99n }]);
  });

  it('stay when an upload is cut off', async () => {
    await app.put('steady', 'a\n1\n', { type: 'text/csv' });
    const before = await app.stored();
    const head = `PUT /api/v1/datasets/steady/content HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nContent-Length: 1000\r\n\r\n`;
    const multipart = `PUT /api/v1/datasets/cut/content HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=q\r\nContent-Length: 1000\r\n\r\n--q\r\nContent-Disposition: form-data; name="f"; filename="x.csv"\r\n\r\n`;
    for (const start of [head, multipart]) {
      const socket = connect(app.port, '127.0.0.1');
      socket.write(`${start}a\n2\n`);
      await vi.waitFor(
        async () => {
          expect(await app.leftovers()).toHaveLength(1);
        },
        { timeout: 20_000 },
      );
      socket.destroy();
      await vi.waitFor(
        async () => {
          expect(await app.leftovers()).toEqual([]);
        },
        { timeout: 20_000 },
      );
    }
    expect(await app.rows('steady')).toEqual([{ a: 1n }]);
    expect(await app.stored()).toEqual(before);
    expect((await fetch(`${app.url}/cut`)).status).toBe(404);
  });

  it('go with their dataset', async () => {
    await app.put('gone', 'a\n1\n', { type: 'text/csv' });
    const [pin] = await app.service.resolve('default', ['gone']);
    expect((await fetch(`${app.url}/gone`, { method: 'DELETE' })).status).toBe(204);
    expect((await fetch(`${app.url}/gone`, { method: 'DELETE' })).status).toBe(404);
    expect(await app.stored()).not.toContainEqual(expect.stringContaining(pin?.id ?? ''));
    await expect(app.service.resolve('default', ['steady', 'gone'])).rejects.toMatchObject({
      code: 'dataset-not-found',
      places: [{ pointer: '/datasets/1' }],
    });
    await expect(app.service.get('somebody', 'steady')).rejects.toMatchObject({ code: 'dataset-not-found' });
  });

  it('are listed page by page', async () => {
    const create = (body: object) =>
      fetch(app.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    expect((await create({ name: 'empty_one', description: 'd' })).status).toBe(201);
    expect((await create({ name: 'empty_one' })).status).toBe(409);
    expect((await create({ name: 'Empty' })).status).toBe(422);
    for (const name of ['one', 'two', 'three']) await app.put(name, 'a\n1\n', { type: 'text/csv' });
    const names: string[] = [];
    for (let url: string | null = `${app.url}?limit=3`; url !== null;) {
      const response: Response = await fetch(url);
      const page = (await response.json()) as { datasets: { name: string }[]; next_cursor: string | null };
      names.push(...page.datasets.map(({ name }) => name));
      const link = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
      expect(link === undefined).toBe(page.next_cursor === null);
      url = link === undefined ? null : new URL(link, app.url).href;
    }
    expect(names.slice(0, 4)).toEqual(['three', 'two', 'one', 'empty_one']);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('steady');
    expect(names.length).toBeGreaterThan(2);
    expect((await fetch(`${app.url}?cursor=nonsense`)).status).toBe(422);
  });
});

describe('limits', () => {
  it('of an owner hold for its uploads', async () => {
    const small = await DatasetsApp.start({ UPLOAD_MAX_BYTES: '100000', LIMIT_STORED_BYTES: '100' });
    try {
      expect((await small.put('first', 'a\n1\n')).status).toBe(201);
      // What is kept is counted anew after 5 s.
      const again = async () => (await small.put('first', 'a\n1\n')).status;
      await expect.poll(again, { timeout: 20_000, interval: 500 }).toBe(429);
      const kept = await small.stored();
      const refused = await small.put('second', 'a\n1\n');
      expect(refused).toMatchObject({ status: 429, body: { code: 'limit-reached' } });
      expect(refused.body.detail).toContain('(stored_bytes)');
      expect(refused.headers.get('retry-after')).toBe('300');
      expect((await fetch(`${small.url}/second`)).status).toBe(404);
      expect(await small.leftovers()).toEqual([]);
      expect(await small.stored()).toEqual(kept);
      // What was freed counts at once.
      expect((await fetch(`${small.url}/first`, { method: 'DELETE' })).status).toBe(204);
      await small.limits.change('default', { upload_bytes: 10 });
      const large = await small.put('large', 'a\n1234567\n1\n');
      expect(large).toMatchObject({ status: 413, body: { code: 'payload-too-large' } });
      expect(large.body.detail).toContain(' 10 ');
      expect((await small.put('fits', 'a\n1234567\n')).status).toBe(201);
    } finally {
      await small.stop();
    }
  });

  it('hold for what is received and for what it unpacks to', async () => {
    const small = await DatasetsApp.start({ UPLOAD_MAX_BYTES: '100000', UPLOAD_MAX_UNPACKED_BYTES: String(LIMIT) });
    try {
      const bomb = gzipSync(`a\n${'0'.repeat(2 * LIMIT)}`);
      expect(bomb.length).toBeLessThan(4000);
      const unpacked = await small.put('bomb', bomb);
      expect(unpacked).toMatchObject({ status: 413, body: { code: 'payload-too-large' } });
      expect(unpacked.body.detail).toContain(String(LIMIT));
      const received = await small.put('large', 'a\n' + '1\n'.repeat(LIMIT));
      expect(received).toMatchObject({ status: 413, body: { detail: expect.stringContaining('100000') } });
      expect(await small.leftovers()).toEqual([]);
      expect(await small.stored()).toEqual([]);
    } finally {
      await small.stop();
    }
  });
});

describe('a storage that does not work', () => {
  it('is told, and leaves neither a dataset nor a file', async () => {
    const broken = await DatasetsApp.start();
    try {
      const { storage } = broken.config;
      if (storage.driver !== 'local') throw new Error('the test needs the local driver');
      await rm(storage.root, { recursive: true });
      await writeFile(storage.root, 'not a folder');
      const answer = await broken.put('nowhere', 'a\n1\n', { type: 'text/csv' });
      expect(answer).toMatchObject({ status: 503, body: { code: 'storage-unavailable' } });
      expect((await fetch(`${broken.url}/nowhere`)).status).toBe(404);
      expect(await broken.leftovers()).toEqual([]);
    } finally {
      await broken.stop();
    }
  });
});

describe.skipIf(!existsSync(DATA))('the real files', () => {
  it.each([
    ['loop/store_status.csv', 9999, ['BIGINT', 'VARCHAR', 'TIMESTAMP WITH TIME ZONE']],
    ['loop/menu_hours.csv', 86_198, ['BIGINT', 'BIGINT', 'TIME', 'TIME']],
    ['loop/timezones.csv', 13_559, ['BIGINT', 'VARCHAR']],
    ['mflix/users.json', 185, undefined],
    ['mflix/movies.json', 1000, undefined],
  ])('%s becomes a dataset', async (file, rows, expected) => {
    const content = await readFile(join(DATA, file));
    const { body } = await app.put('real', content, { type: 'application/octet-stream' });
    expect(body.detail).toBeUndefined();
    expect(body.current?.rows).toBe(rows);
    if (expected) expect(body.current?.columns.map(({ type }) => type)).toEqual(expected);
    if (!file.endsWith('.csv')) return;
    const name = body.current?.columns[0]?.name ?? '';
    const ids = (await app.rows('real')).map((row) => String(row[name]));
    const lines = content.toString().trimEnd().split(/\r?\n/).slice(1);
    const digest = (values: string[]) => createHash('sha256').update(values.join()).digest('hex');
    expect(digest(ids)).toBe(digest(lines.map((line) => line.split(',', 1)[0] ?? '')));
  });

  it('has times and numbers where the documents have them', async () => {
    await app.put('movies', await readFile(join(DATA, 'mflix/movies.json')));
    const columns = await app.rows('movies', 'SELECT column_name, column_type FROM (DESCRIBE t)');
    const type = (name: string) => columns.find((column) => column['column_name'] === name)?.['column_type'];
    expect(type('_id')).toBe('VARCHAR');
    expect(type('released')).toBe('TIMESTAMP');
    expect(type('directors')).toBe('VARCHAR[]');
    expect(type('tomatoes')).toMatch(/lastUpdated"? TIMESTAMP/);
    const [counts] = await app.rows(
      'movies',
      `SELECT count(TRY_CAST(imdb.rating AS DOUBLE)) AS n, count(*) AS all FROM t`,
    );
    expect(counts).toEqual({ n: 999n, all: 1000n });
  });
});
