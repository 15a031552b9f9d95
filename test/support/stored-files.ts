import { mkdir, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { inject } from 'vitest';
import { S3Recorder } from '../contracts/s3-recorder.js';
import { filesBelow, type Environment } from './processes.js';
import { createBucket } from './s3.js';

/** A storage, and a look at it behind the back of the service. */
export interface StoredFiles {
  /** What makes a process use it. */
  environment: Environment;
  /** Keys of the objects below a prefix, sorted. */
  keys(prefix: string): Promise<string[]>;
  /** Uploads that were begun and neither completed nor aborted. */
  unfinished(): Promise<number>;
  close(): Promise<void>;
  /** Only where the storage is an S3 server: everything passes through it. */
  recorder?: S3Recorder;
}

export async function localFiles(root: string): Promise<StoredFiles> {
  await mkdir(root, { recursive: true });
  return {
    environment: { STORAGE_DRIVER: 'local', STORAGE_ROOT: root, STORAGE_SIGNING_KEY: 'k'.repeat(32) },
    keys: async (prefix) => {
      const keys = (await filesBelow(root)).map((file) => relative(root, file));
      return keys.filter((key) => key.startsWith(prefix)).sort();
    },
    unfinished: async () => (await readdir(join(root, '~incoming'))).length,
    close: () => Promise.resolve(),
  };
}

export async function s3Files(): Promise<StoredFiles> {
  const recorder = await S3Recorder.start(inject('s3Endpoint'));
  const { bucket, region, credentials, client } = await createBucket();
  return {
    recorder,
    environment: {
      STORAGE_DRIVER: 's3',
      S3_BUCKET: bucket,
      S3_REGION: region,
      S3_ENDPOINT: recorder.endpoint,
      S3_FORCE_PATH_STYLE: 'true',
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    keys: async (prefix) => {
      const keys: string[] = [];
      for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
        keys.push(...Contents.map(({ Key }) => Key ?? ''));
      }
      return keys.sort();
    },
    unfinished: () => Promise.resolve(recorder.openUploads.size),
    close: async () => {
      client.destroy();
      await recorder.stop();
    },
  };
}
