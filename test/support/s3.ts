import { randomBytes } from 'node:crypto';
import { CreateBucketCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { inject } from 'vitest';

export interface TestBucket {
  bucket: string;
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  /** A client of its own, to look at the bucket behind the back of what is tested. */
  client: S3Client;
}

/** A fresh, empty bucket on the S3 server of this run. */
export async function createBucket(): Promise<TestBucket> {
  const bucket = `test-${randomBytes(8).toString('hex')}`;
  const credentials = { accessKeyId: 'test', secretAccessKey: 'only-for-tests' };
  const settings = { endpoint: inject('s3Endpoint'), region: 'us-east-1', credentials };
  const client = new S3Client({ ...settings, forcePathStyle: true } satisfies S3ClientConfig);
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  return { bucket, ...settings, client };
}
