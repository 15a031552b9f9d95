import { S3Client } from '@aws-sdk/client-s3';
import type { StorageConfig } from '../../config/config.js';

export type S3Config = Extract<StorageConfig, { driver: 's3' }>;

const CONNECT_TIMEOUT_MS = 3_000;

/** Silence on a connection, in either direction. Not a limit for a whole request: a large part may take long on a slow line. */
const IDLE_TIMEOUT_MS = 60_000;

/** The first try and the SDK's own retries with back-off, for connections, 5xx and throttling. */
const MAX_ATTEMPTS = 4;

/** A client for one endpoint. Credentials come from the SDK's own chain (environment, files, instance role). */
export function createClient(config: S3Config, endpoint: string | undefined): S3Client {
  return new S3Client({
    region: config.region,
    ...(endpoint === undefined ? {} : { endpoint }),
    forcePathStyle: config.forcePathStyle,
    maxAttempts: MAX_ATTEMPTS,
    retryMode: 'standard',
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, socketTimeout: IDLE_TIMEOUT_MS },
  });
}
