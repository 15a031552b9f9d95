import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { OnApplicationShutdown } from '@nestjs/common';
import { createClient, type S3Config } from '../../storage/drivers/s3-client.js';
import { answered } from '../../storage/drivers/s3-errors.js';
import { DocumentStore, type Place } from '../document-store.js';

/** Longest time for one document, which is small. */
const PUT_TIMEOUT_MS = 10_000;

/** Buckets of the S3 server that files are stored at too, with the same credentials. */
export class S3DocumentStore extends DocumentStore implements OnApplicationShutdown {
  private readonly client: S3Client;

  constructor(private readonly config: S3Config) {
    super();
    this.client = createClient(config, config.endpoint);
  }

  onApplicationShutdown(): void {
    this.client.destroy();
  }

  async put({ bucket, key }: Place, bytes: Buffer, signal: AbortSignal): Promise<void> {
    const command = new PutObjectCommand({
      ...{ Bucket: bucket, Key: key, Body: bytes, ContentLength: bytes.length, ContentType: 'application/json' },
      ServerSideEncryption: this.config.serverSideEncryption,
      SSEKMSKeyId: this.config.kmsKeyId,
    });
    const abortSignal = AbortSignal.any([signal, AbortSignal.timeout(PUT_TIMEOUT_MS)]);
    await answered(this.client.send(command, { abortSignal }));
  }
}
