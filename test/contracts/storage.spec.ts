import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject, vi } from 'vitest';
import { LocalStorage } from '../../src/storage/drivers/local.js';
import { S3Storage } from '../../src/storage/drivers/s3.js';
import { createBucket } from '../support/s3.js';
import { S3Recorder } from './s3-recorder.js';
import { s3Config } from './s3-subject.js';
import { storageContract, type StorageSubject } from './storage.contract.js';

vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'only-for-tests');

storageContract('local', async (): Promise<StorageSubject> => {
  const root = await mkdtemp(join(tmpdir(), 'longhaul-storage-'));
  const storage = await LocalStorage.open({ root, signingKey: 'k'.repeat(32), publicUrl: 'http://127.0.0.1' });
  return {
    storage,
    unfinished: async () =>
      (await readdir(join(root, '~incoming'))).length + (await readdir(join(root, '~removed'))).length,
    close: () => rm(root, { recursive: true }),
  };
});

storageContract('s3', async (): Promise<StorageSubject> => {
  const recorder = await S3Recorder.start(inject('s3Endpoint'));
  const { bucket, client } = await createBucket();
  client.destroy();
  const storage = new S3Storage(s3Config({ bucket, endpoint: recorder.endpoint, prefix: 'some/prefix/' }));
  return {
    storage,
    unfinished: () => Promise.resolve(recorder.openUploads.size),
    close: async () => {
      storage.onApplicationShutdown();
      await recorder.stop();
    },
  };
});
