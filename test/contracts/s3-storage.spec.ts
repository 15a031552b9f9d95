import { CreateMultipartUploadCommand, HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { interceptLocalhostDns } from 'fauxqs';
import { createServer, type AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { freePort } from '../../src/local/free-port.js';
import type { S3Config } from '../../src/storage/drivers/s3-client.js';
import { S3Storage } from '../../src/storage/drivers/s3.js';
import { StorageUnavailable } from '../../src/storage/storage-errors.js';
import { createBucket, type TestBucket } from '../support/s3.js';
import { S3Recorder } from './s3-recorder.js';
import { s3Config } from './s3-subject.js';
import { LINK } from './signed-link.contract.js';
import { endless, keys, MIB, OCTETS, putAll } from './streams.js';

vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'only-for-tests');

let recorder: S3Recorder;
let bucket: TestBucket;
const opened: S3Storage[] = [];

beforeAll(async () => {
  recorder = await S3Recorder.start(inject('s3Endpoint'));
  bucket = await createBucket();
});
beforeEach(() => {
  recorder.requests.length = 0;
  recorder.intercept = () => undefined;
});
afterAll(async () => {
  for (const storage of opened) storage.onApplicationShutdown();
  bucket.client.destroy();
  await recorder.stop();
});

function open(settings: Partial<S3Config> = {}): S3Storage {
  const storage = new S3Storage(s3Config({ bucket: bucket.bucket, endpoint: recorder.endpoint, ...settings }));
  opened.push(storage);
  return storage;
}

describe('uploads', () => {
  it('sends small objects in one request and large ones in parts, each with a checksum', async () => {
    const storage = open();
    await storage.put('small', Readable.from([Buffer.alloc(8 * MIB)]), OCTETS);
    expect(writes()).toEqual([`PUT small`]);
    recorder.requests.length = 0;
    await storage.put('large', Readable.from([Buffer.alloc(8 * MIB + 1)]), OCTETS);
    expect(writes()).toEqual(['POST large?uploads', 'PUT large?1', 'PUT large?2', 'POST large?uploadId']);
    const bodies = recorder.requests.filter(({ method }) => method === 'PUT');
    for (const { headers } of bodies) expect(headers['x-amz-checksum-crc32']).toMatch(/^[\w+/]+=*$/);
  });

  it('asks for encryption where an object begins', async () => {
    const storage = open({ serverSideEncryption: 'aws:kms', kmsKeyId: 'key-1' });
    await storage.put('small', Readable.from(['x']), OCTETS);
    await storage.put('large', Readable.from([Buffer.alloc(9 * MIB)]), OCTETS);
    const encrypted = recorder.requests.filter(({ headers }) => headers['x-amz-server-side-encryption'] === 'aws:kms');
    expect(encrypted.map(({ method }) => method)).toEqual(['PUT', 'POST']);
    for (const { headers } of encrypted) expect(headers['x-amz-server-side-encryption-aws-kms-key-id']).toBe('key-1');
  });

  it('keeps its objects below the prefix, with their type', async () => {
    const storage = open({ prefix: 'team/' });
    await storage.put('a/b', Readable.from(['x']), { contentType: 'text/csv' });
    const head = await bucket.client.send(new HeadObjectCommand({ Bucket: bucket.bucket, Key: 'team/a/b' }));
    expect(head.ContentType).toBe('text/csv');
    await bucket.client.send(new PutObjectCommand({ Bucket: bucket.bucket, Key: 'team/a/', Body: Buffer.alloc(0) }));
    expect(await keys(storage.list(''))).toEqual(['a/b']);
  });

  it('goes on after an error that passes', async () => {
    let failures = 2;
    recorder.intercept = (method, url) =>
      method === 'PUT' && url.searchParams.get('partNumber') === '2' && failures-- > 0 ? serverError : undefined;
    await open().put('retried', Readable.from([Buffer.alloc(20 * MIB)]), OCTETS);
    expect((await open().head('retried'))?.size).toBe(20 * MIB);
    expect(recorder.requests.filter(({ status }) => status === 500)).toHaveLength(2);
  });

  it.each([
    ['a part', (method: string, url: URL) => method === 'PUT' && url.searchParams.get('partNumber') === '2'],
    ['the completion', (method: string, url: URL) => method === 'POST' && url.searchParams.has('uploadId')],
    ['the beginning', (method: string, url: URL) => method === 'POST' && url.searchParams.has('uploads')],
  ])('stops the source and leaves nothing when %s is refused', async (_, refused) => {
    const source = refused('PUT', new URL('http://x?partNumber=2')) ? endless() : [Buffer.alloc(20 * MIB)];
    const stream = Readable.from(source);
    recorder.intercept = (method, url) => (refused(method, url) ? serverError : undefined);
    await expect(open().put('refused', stream, OCTETS)).rejects.toThrow(StorageUnavailable);
    expect(stream.destroyed).toBe(true);
    expect(await open().head('refused')).toBeNull();
    expect(recorder.openUploads.size).toBe(0);
  });
});

describe('removal', () => {
  it('aborts the uploads below the folder that a killed process left open', async () => {
    const storage = open({ prefix: 'team/' });
    for (const Key of ['team/run/1/a', 'team/run/1/b', 'team/run/2/a']) {
      const client = new S3Client({ ...bucket, endpoint: recorder.endpoint, forcePathStyle: true });
      await client.send(new CreateMultipartUploadCommand({ Bucket: bucket.bucket, Key }));
      client.destroy();
    }
    await storage.removeAll('run/1/');
    expect([...recorder.openUploads.values()]).toEqual(['team/run/2/a']);
    await storage.removeAll('run/');
    expect(recorder.openUploads.size).toBe(0);
  });

  it('removes a thousand objects with a request', async () => {
    const storage = open({ prefix: 'batches/' });
    const names = Array.from({ length: 1_001 }, (_, n) => `r/${String(n)}`);
    for (let from = 0; from < names.length; from += 100) await putAll(storage, names.slice(from, from + 100));
    await storage.removeAll('r/');
    expect(recorder.requests.filter(({ url }) => url.searchParams.has('delete'))).toHaveLength(2);
  });

  it('fails when the server keeps an object', async () => {
    const storage = open();
    await storage.put('kept/a', Readable.from(['x']), OCTETS);
    const body = `<DeleteResult><Error><Key>kept/a</Key><Code>AccessDenied</Code></Error></DeleteResult>`;
    recorder.intercept = (_, url) => (url.searchParams.has('delete') ? { status: 200, body } : undefined);
    await expect(storage.removeAll('kept/')).rejects.toThrow(StorageUnavailable);
  });

  it('does without the list of uploads where the server has none', async () => {
    const body = '<Error><Code>NotImplemented</Code></Error>';
    const storage = open();
    await storage.put('listless/a', Readable.from(['x']), OCTETS);
    recorder.intercept = (_, url) => (url.searchParams.has('uploads') ? { status: 501, body } : undefined);
    await storage.removeAll('listless/');
    expect(await storage.head('listless/a')).toBeNull();
  });
});

describe('addresses', () => {
  it('names the bucket in the host or in the path', async () => {
    const [host, path] = [open({ forcePathStyle: false, endpoint: 'http://s3.example.com' }), open()];
    expect((await host.sign('a/b', LINK)).url).toMatch(`http://${bucket.bucket}.s3.example.com/a/b?`);
    expect((await path.sign('a/b', LINK)).url).toMatch(`${recorder.endpoint}/${bucket.bucket}/a/b?`);
  });

  it('reaches a server by the host of the bucket', async () => {
    const restore = interceptLocalhostDns();
    const endpoint = inject('s3Endpoint').replace('127.0.0.1', 's3.localhost');
    const storage = open({ forcePathStyle: false, endpoint });
    await storage.put('by-host', Readable.from(['found']), OCTETS);
    restore();
    expect(await text(await open().read('by-host'))).toBe('found');
  });

  it('signs for the host that clients reach', async () => {
    const { url } = await open({ publicEndpoint: 'https://files.example.com' }).sign('a/b', LINK);
    const { origin, searchParams } = new URL(url);
    expect(origin).toBe('https://files.example.com');
    expect(searchParams.get('X-Amz-SignedHeaders')).toBe('host');
    expect(searchParams.get('X-Amz-Expires')).toBe('300');
  });
});

describe('an endpoint that does not work', () => {
  const everything: [string, (storage: S3Storage) => Promise<unknown>][] = [
    ['put', (storage) => storage.put('a', Readable.from(['x']), OCTETS)],
    ['read', (storage) => storage.read('a')],
    ['head', (storage) => storage.head('a')],
    ['list', (storage) => keys(storage.list('a'))],
    ['removeAll', (storage) => storage.removeAll('a/')],
  ];

  it.each(everything)('makes %s fail soon when nobody listens', async (_, use) => {
    const storage = open({ endpoint: `http://127.0.0.1:${String(await freePort())}` });
    const begun = Date.now();
    const error: unknown = await use(storage).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StorageUnavailable);
    expect(error).toMatchObject({ code: 'storage-unavailable', retryable: true });
    expect(error).toHaveProperty('cause.code', 'ECONNREFUSED');
    expect(Date.now() - begun).toBeLessThan(15_000);
  });

  it.each(everything)('makes %s fail when the bucket is not there', async (name, use) => {
    const storage = open({ bucket: 'no-such-bucket' });
    // A HEAD has no body that could tell a missing bucket from a missing object.
    if (name === 'head') expect(await use(storage)).toBeNull();
    else await expect(use(storage)).rejects.toThrow(StorageUnavailable);
  });

  it('breaks a read that breaks off, as a failure that may be tried again', async () => {
    const half = createServer((socket) => {
      socket.on('error', () => undefined).write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
      setImmediate(() => socket.end());
    });
    await new Promise<void>((resolve) => half.listen(0, '127.0.0.1', resolve));
    const storage = open({ endpoint: `http://127.0.0.1:${String((half.address() as AddressInfo).port)}` });
    await expect(storage.read('a').then(text)).rejects.toThrow(StorageUnavailable);
    half.close();
  });
});

const serverError = { status: 500, body: '<Error><Code>InternalError</Code></Error>' };

/** `METHOD key?what` of every request that writes, in the order of the parts. */
function writes(): string[] {
  const lines = recorder.requests
    .filter(({ method }) => method === 'PUT' || method === 'POST')
    .map(({ method, url: { pathname, searchParams } }) => {
      const what = searchParams.get('partNumber') ?? [...searchParams.keys()].find((name) => name.startsWith('upload'));
      return `${method} ${pathname.split('/').slice(2).join('/')}${what === undefined ? '' : `?${what}`}`;
    });
  return [...lines.slice(0, 1), ...lines.slice(1, -1).sort(), ...lines.slice(1).slice(-1)];
}
