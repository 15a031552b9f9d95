import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from 's3rver';
import type { S3Config } from '../../src/storage/drivers/s3-client.js';

/** The one pair of keys that s3rver knows. */
export const S3RVER_CREDENTIALS = { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' };

export function s3Config(settings: Pick<S3Config, 'bucket' | 'endpoint'> & Partial<S3Config>): S3Config {
  return {
    driver: 's3',
    region: 'us-east-1',
    publicEndpoint: undefined,
    forcePathStyle: true,
    prefix: '',
    serverSideEncryption: undefined,
    kmsKeyId: undefined,
    ...settings,
  };
}

export interface LinkServer {
  endpoint: string;
  stop(): Promise<void>;
}

/** A second S3 server: it lets links expire and honours `response-*`, and the one of the global setup does neither. */
export async function startLinkServer(bucket: string): Promise<LinkServer> {
  const directory = await mkdtemp(join(tmpdir(), 'longhaul-s3rver-'));
  const configureBuckets = [{ name: bucket, configs: [] }];
  const server = new S3rver({ address: '127.0.0.1', port: 0, silent: true, directory, configureBuckets });
  const { port } = await server.run();
  return {
    endpoint: `http://127.0.0.1:${String(port)}`,
    stop: async () => {
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
