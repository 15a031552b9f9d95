import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DocumentStore } from '../../src/intake/document-store.js';
import { LocalDocumentStore } from '../../src/intake/drivers/local.js';
import { S3DocumentStore } from '../../src/intake/drivers/s3.js';
import { StorageUnavailable } from '../../src/storage/storage-errors.js';
import { createBucket } from '../support/s3.js';

/** A store, and a look at it from behind. */
interface Subject {
  store: DocumentStore;
  bucket: string;
  read(key: string): Promise<string>;
  keys(): Promise<string[]>;
  close(): Promise<void>;
}

async function local(): Promise<Subject> {
  const root = await mkdtemp(join(tmpdir(), 'longhaul-documents-'));
  const folder = join(root, '~buckets', 'romance');
  return {
    store: new LocalDocumentStore(root),
    bucket: 'romance',
    read: (key) => readFile(join(folder, key), 'utf8'),
    keys: async () => (await readdir(folder)).sort(),
    close: () => rm(root, { recursive: true, force: true }),
  };
}

async function s3(): Promise<Subject> {
  const { bucket, endpoint, region, credentials, client } = await createBucket();
  process.env['AWS_ACCESS_KEY_ID'] = credentials.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = credentials.secretAccessKey;
  const store = new S3DocumentStore({
    ...{
      driver: 's3',
      bucket: 'unused',
      region,
      endpoint,
      publicEndpoint: undefined,
      forcePathStyle: true,
      prefix: '',
    },
    ...{ serverSideEncryption: undefined, kmsKeyId: undefined },
  });
  return {
    ...{ store, bucket },
    read: async (Key) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
      return (await Body?.transformToString()) ?? '';
    },
    keys: async () => {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
      return Contents.map(({ Key }) => Key ?? '').sort();
    },
    close: () => {
      store.onApplicationShutdown();
      client.destroy();
      return Promise.resolve();
    },
  };
}

describe.each([
  ['local', local],
  ['s3', s3],
])('documents in the %s store', (_name, open) => {
  let subject: Subject;
  const { signal } = new AbortController();

  beforeAll(async () => {
    subject = await open();
  });
  afterAll(() => subject.close());

  it.each(['LoremIpsum.json', 'Żółw 学習 🙂 & more?.json', `${'x'.repeat(195)}.json`])('are put as %s', async (key) => {
    const text = `{"id": "${randomUUID()}", "n": 1.0}\n`;
    await subject.store.put({ bucket: subject.bucket, key }, Buffer.from(text), signal);
    expect(await subject.read(key)).toBe(text);
  });

  it('are replaced as a whole', async () => {
    const place = { bucket: subject.bucket, key: 'LoremIpsum.json' };
    await subject.store.put(place, Buffer.from('{}'), signal);
    expect(await subject.read(place.key)).toBe('{}');
    expect(await subject.keys()).toHaveLength(3);
  });

  it('are not put when the signal has aborted', async () => {
    const place = { bucket: subject.bucket, key: 'aborted.json' };
    await expect(subject.store.put(place, Buffer.from('{}'), AbortSignal.abort())).rejects.toThrow();
    expect(await subject.keys()).not.toContain('aborted.json');
  });
});

it('says that a bucket which is not there cannot be used now', async () => {
  const { store, close } = await s3();
  const put = store.put(
    { bucket: `none-${randomUUID()}`, key: 'a.json' },
    Buffer.from('{}'),
    new AbortController().signal,
  );
  await expect(put).rejects.toBeInstanceOf(StorageUnavailable);
  await close();
});

it.each([
  ['../up', 'a.json'],
  ['romance', '../a.json'],
  ['romance', 'b/a.json'],
  ['romance', '.hidden'],
])('never leaves the folder of buckets: %s, %s', async (bucket, key) => {
  const { store, close } = await local();
  await expect(store.put({ bucket, key }, Buffer.from('{}'), new AbortController().signal)).rejects.toThrow(TypeError);
  await close();
});
