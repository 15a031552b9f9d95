import { Readable } from 'node:stream';
import { get } from './http-get.js';
import contentDisposition from 'content-disposition';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Storage } from '../../src/storage/storage.js';

export interface LinkSubject {
  storage: Storage;
  close(): Promise<void>;
}

export const FILE_NAME = 'Übersicht "Q1"; €.csv';
export const CONTENT = 'id,name\n1,Ä\n';
export const LINK = { fileName: FILE_NAME, contentType: 'text/csv; charset=utf-8', expiresInSeconds: 300 };

/**
 * What a link owes to the person who downloads by it, whatever serves it. That a changed link is refused is tested for the local
 * driver alone: no S3 server that npm carries checks a V4 signature.
 */
export function signedLinkContract(name: string, open: () => Promise<LinkSubject>): void {
  describe(`signed link contract: ${name}`, () => {
    let storage: Storage;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ storage, close } = await open());
      await storage.put('links/file.csv', Readable.from([CONTENT]), { contentType: 'application/octet-stream' });
    });
    afterAll(() => close());
    downloads(() => storage);
    refusals(() => storage);
  });
}

function downloads(storage: () => Storage): void {
  it('downloads the whole file under its name', async () => {
    const { url, expiresAt } = await storage().sign('links/file.csv', LINK);
    const response = await fetch(url);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(CONTENT);
    const disposition = response.headers.get('content-disposition') ?? '';
    expect(disposition).toMatch(/^[\x20-\x7e]+$/);
    expect(contentDisposition.parse(disposition)).toEqual({ type: 'attachment', parameters: { filename: FILE_NAME } });
    expect(response.headers.get('content-type')).toBe(LINK.contentType);
    expect(response.headers.get('content-length')).toBe(String(Buffer.byteLength(CONTENT)));
    expect(response.headers.get('cache-control')).toBe('private, no-store');
    expect(response.headers.get('etag')).toMatch(/^"[^"]+"$/);
    expect(Date.parse(response.headers.get('last-modified') ?? '')).not.toBeNaN();
    expect(Math.abs(expiresAt.getTime() - Date.now() - 300_000)).toBeLessThan(10_000);
  });

  it('answers a range', async () => {
    const { url } = await storage().sign('links/file.csv', LINK);
    const part = await get(url, { range: 'bytes=3-6' });
    expect([part.status, part.body]).toEqual([206, 'name']);
    expect(part.headers['content-range']).toBe(`bytes 3-6/${String(Buffer.byteLength(CONTENT))}`);
    expect((await get(url, { range: 'bytes=1000-' })).status).toBe(416);
  });

  it('answers with the file only when it has changed', async () => {
    const changing = (content: string) =>
      storage().put('links/changing.csv', Readable.from([content]), { contentType: 'text/csv' });
    await changing('one');
    const { url } = await storage().sign('links/changing.csv', LINK);
    const etag = (await get(url)).headers.etag ?? '';
    const unchanged = await get(url, { 'if-none-match': etag });
    expect([unchanged.status, unchanged.body]).toEqual([304, '']);
    await changing('two');
    const changed = await get(url, { 'if-none-match': etag });
    expect([changed.status, changed.body]).toEqual([200, 'two']);
  });
}

function refusals(storage: () => Storage): void {
  it('stops working when it expires', async () => {
    const { url } = await storage().sign('links/file.csv', { ...LINK, expiresInSeconds: 2 });
    expect((await fetch(url)).status).toBe(200);
    await expect.poll(async () => (await fetch(url)).status, { timeout: 15_000, interval: 200 }).toBe(403);
  });

  it('finds nothing once the object is removed', async () => {
    await storage().put('links/gone/file.csv', Readable.from(['x']), { contentType: 'text/csv' });
    const { url } = await storage().sign('links/gone/file.csv', LINK);
    await storage().removeAll('links/gone/');
    expect((await fetch(url)).status).toBe(404);
  });
}
