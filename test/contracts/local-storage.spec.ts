import { mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalStorage } from '../../src/storage/drivers/local.js';
import { ObjectMissing, StorageUnavailable } from '../../src/storage/storage-errors.js';
import { get } from './http-get.js';
import { startLocalService, type LocalService } from './local-subject.js';
import { CONTENT, LINK } from './signed-link.contract.js';
import { keys, MIB, OCTETS } from './streams.js';

let service: LocalService;
beforeAll(async () => {
  service = await startLocalService();
  await service.storage.put('links/file.csv', Readable.from([CONTENT]), OCTETS);
});
afterAll(() => service.close());

describe('the route that serves local links', () => {
  it('answers HEAD like GET, without the file', async () => {
    const { url } = await service.storage.sign('links/file.csv', LINK);
    const [head, whole] = [await get(url, {}, 'HEAD'), await get(url)];
    expect([head.status, head.body]).toEqual([200, '']);
    expect({ ...head.headers, date: '' }).toEqual({ ...whole.headers, date: '' });
    expect(head.headers).toMatchObject({ 'accept-ranges': 'bytes', 'x-content-type-options': 'nosniff' });
  });

  it('answers a range from the end', async () => {
    const { url } = await service.storage.sign('links/file.csv', LINK);
    expect(await get(url, { range: 'bytes=-4' })).toMatchObject({ status: 206, body: ',Ä\n' });
  });

  it('honours If-Range and refuses an unmet If-Match', async () => {
    const { url } = await service.storage.sign('links/file.csv', LINK);
    const etag = (await get(url)).headers.etag ?? '';
    expect((await get(url, { range: 'bytes=0-1', 'if-range': etag })).status).toBe(206);
    expect((await get(url, { range: 'bytes=0-1', 'if-range': '"another"' })).body).toBe(CONTENT);
    expectProblem(await get(url, { 'if-match': '"another"' }), 412, 'precondition-failed');
    const beyond = await get(url, { range: 'bytes=1000-' });
    expectProblem(beyond, 416, 'range-not-satisfiable');
    expect(beyond.headers['content-range']).toBe(`bytes */${String(Buffer.byteLength(CONTENT))}`);
    expect(beyond.headers['content-disposition']).toBeUndefined();
  });

  it('refuses a link when anything in it was changed', async () => {
    await service.storage.put('links/other.csv', Readable.from(['secret']), OCTETS);
    const { url } = await service.storage.sign('links/file.csv', LINK);
    expectProblem(await get(url.replace('file.csv', 'other.csv')), 403, 'link-invalid');
    expectProblem(await get(url.replace(/\?.*/, '')), 403, 'link-invalid');
    for (const name of ['expires', 'file_name', 'content_type', 'signature']) {
      const changed = new URL(url);
      changed.searchParams.set(name, `1${changed.searchParams.get(name) ?? ''}`);
      expectProblem(await get(changed.href), 403, 'link-invalid');
      expectProblem(await get(`${url}&${name}=1`), 403, 'link-invalid');
    }
  });

  it('tells that a link has expired', async () => {
    const { url } = await service.storage.sign('links/file.csv', { ...LINK, expiresInSeconds: -1 });
    const answer = await get(url);
    expectProblem(answer, 403, 'link-invalid');
    expect(answer.body).toContain('has expired');
  });

  it('serves a file whose name starts with a dot, and one without a suffix as nothing else', async () => {
    await service.storage.put('links/.html', Readable.from(['dot']), OCTETS);
    const { url } = await service.storage.sign('links/.html', LINK);
    expect(await get(url)).toMatchObject({ status: 200, body: 'dot', headers: { 'content-type': LINK.contentType } });
  });

  it.each([
    '/../secret',
    '/%2e%2e/secret',
    '/..%2fsecret',
    '/links/..%2f..%2fsecret',
    '//etc/passwd',
    '/%00',
    '/%',
    '/~incoming/',
  ])('serves nothing at %s', async (path) => {
    const query = new URL((await service.storage.sign('links/file.csv', LINK)).url).search;
    const { status } = await get(`${service.url}/api/v1/files${path}${query}`);
    expect([400, 403, 404]).toContain(status);
  });

  it('closes the file when the client leaves', async () => {
    await service.storage.put('links/large.bin', Readable.from([Buffer.alloc(40 * MIB)]), OCTETS);
    const { url } = await service.storage.sign('links/large.bin', LINK);
    const response = await new Promise<IncomingMessage>((resolve) => request(url, resolve).end());
    await new Promise((resolve) => response.once('readable', resolve));
    expect(await openFiles('large.bin')).toBe(1);
    response.destroy();
    await expect.poll(() => openFiles('large.bin')).toBe(0);
  });
});

describe('the folder of local storage', () => {
  it('does not follow symbolic links', async () => {
    const { root, storage } = service;
    const outside = await mkdtemp(join(tmpdir(), 'longhaul-outside-'));
    await writeFile(join(outside, 'secret'), 'secret');
    await symlink(outside, join(root, 'folder-link'));
    await symlink(join(outside, 'secret'), join(root, 'file-link'));
    for (const key of ['folder-link/secret', 'file-link']) {
      expect(await storage.head(key)).toBeNull();
      await expect(storage.read(key)).rejects.toThrow(ObjectMissing);
      expect((await get((await storage.sign(key, LINK)).url)).status).toBe(404);
    }
    expect(await keys(storage.list('f'))).toEqual([]);
    expect(await keys(storage.list('folder-link/'))).toEqual([]);
    await expect(storage.put('folder-link/new/file', Readable.from(['x']), OCTETS)).rejects.toThrow(StorageUnavailable);
    await storage.removeAll('folder-link/');
    await storage.put('file-link', Readable.from(['mine']), OCTETS);
    expect(await text(await storage.read('file-link'))).toBe('mine');
    expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('secret');
    expect(await readdir(outside)).toEqual(['secret']);
    await rm(outside, { recursive: true });
  });

  it('leaves no empty folder behind a removal', async () => {
    const { root, storage } = service;
    await storage.put('runs/1/2/file', Readable.from(['x']), OCTETS);
    await storage.removeAll('runs/1/2/');
    expect(await readdir(root)).not.toContain('runs');
  });

  it('refuses a key that is a folder of others, and one below an object', async () => {
    const { storage } = service;
    await expect(storage.put('links', Readable.from(['x']), OCTETS)).rejects.toThrow(TypeError);
    await expect(storage.put('links/file.csv/x', Readable.from(['x']), OCTETS)).rejects.toThrow(TypeError);
    expect(await text(await storage.read('links/file.csv'))).toBe(CONTENT);
    expect(await readdir(join(service.root, '~incoming'))).toEqual([]);
  });

  it('removes at start what a killed process left a day ago, and nothing younger', async () => {
    const root = await mkdtemp(join(tmpdir(), 'longhaul-leftovers-'));
    await mkdir(join(root, '~incoming'));
    for (const name of ['old', 'young']) await writeFile(join(root, '~incoming', name), 'x');
    const past = new Date(Date.now() - 25 * 60 * 60 * 1000);
    await utimes(join(root, '~incoming/old'), past, past);
    await mkdir(join(root, '~removed/half/removed'), { recursive: true });
    const storage = await LocalStorage.open({ root, signingKey: 'k'.repeat(32), publicUrl: 'http://127.0.0.1' });
    expect(await readdir(join(root, '~incoming'))).toEqual(['young']);
    expect(await readdir(join(root, '~removed'))).toEqual([]);
    expect(await keys(storage.list(''))).toEqual([]);
    await rm(root, { recursive: true });
  });

  it('is unavailable when the folder is gone', async () => {
    const root = await mkdtemp(join(tmpdir(), 'longhaul-gone-'));
    const storage = await LocalStorage.open({ root, signingKey: 'k'.repeat(32), publicUrl: 'http://127.0.0.1' });
    await rm(root, { recursive: true });
    const source = Readable.from(['x']);
    await expect(storage.put('a', source, OCTETS)).rejects.toThrow(StorageUnavailable);
    expect(source.destroyed).toBe(true);
  });
});

function expectProblem(answer: Awaited<ReturnType<typeof get>>, status: number, code: string): void {
  expect([answer.status, answer.headers['content-type']]).toEqual([status, expect.stringContaining('problem+json')]);
  expect(JSON.parse(answer.body)).toMatchObject({ status, code });
  expect(answer.body).not.toContain(service.root);
}

/** Descriptors of this process that are open on a file of that name. */
async function openFiles(name: string): Promise<number> {
  const descriptors = await readdir('/proc/self/fd');
  const targets = await Promise.all(descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  return targets.filter((target) => target.endsWith(name)).length;
}
