import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  type AbortMultipartUploadCommandInput,
  type ListMultipartUploadsCommandInput,
  type MultipartUpload,
  type S3Client,
} from '@aws-sdk/client-s3';
import { StorageUnavailable } from '../storage-errors.js';
import { answered, isNamed, unavailable } from './s3-errors.js';

type UploadMarker = Pick<ListMultipartUploadsCommandInput, 'KeyMarker' | 'UploadIdMarker'>;

/** S3's own limit for one request. */
const DELETE_BATCH = 1_000;

/** Deletes the objects in as few requests as S3 allows; throws if the server kept any of them. */
export async function deleteObjects(client: S3Client, bucket: string, keys: AsyncIterable<string>): Promise<void> {
  let batch: string[] = [];
  for await (const key of keys) {
    batch.push(key);
    if (batch.length === DELETE_BATCH) {
      await deleteBatch(client, bucket, batch);
      batch = [];
    }
  }
  if (batch.length > 0) await deleteBatch(client, bucket, batch);
}

async function deleteBatch(client: S3Client, bucket: string, keys: readonly string[]): Promise<void> {
  const Objects = keys.map((Key) => ({ Key }));
  const command = new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } });
  const { Errors = [] } = await answered(client.send(command));
  const kept = Errors.filter(({ Code }) => Code !== 'NoSuchKey');
  if (kept.length > 0) {
    const first = `${kept[0]?.Key ?? ''}: ${kept[0]?.Code ?? ''} ${kept[0]?.Message ?? ''}`;
    throw new StorageUnavailable({
      cause: new Error(`${String(kept.length)} objects were not deleted, first ${first}`),
    });
  }
}

/** Aborts the uploads that were begun below the prefix and neither completed nor aborted. */
export async function abortUploads(client: S3Client, bucket: string, prefix: string): Promise<void> {
  for await (const { Key, UploadId } of openUploads(client, bucket, prefix)) {
    await abortUpload(client, { Bucket: bucket, Key, UploadId });
  }
}

/**
 * The uploads that were begun below the prefix and neither completed nor aborted. A server that cannot list them removes
 * them by its own rule; MinIO lists those of one exact key only and removes stale ones after a day.
 */
export async function* openUploads(client: S3Client, bucket: string, prefix: string): AsyncGenerator<MultipartUpload> {
  let after: UploadMarker = {};
  for (;;) {
    const request = { Bucket: bucket, Prefix: prefix, ...after };
    const page = await client.send(new ListMultipartUploadsCommand(request)).catch(notImplemented);
    yield* page?.Uploads ?? [];
    // A page that is cut short without saying where would be asked for for ever.
    if (page?.IsTruncated !== true || page.NextKeyMarker === undefined) return;
    after = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
  }
}

export async function abortUpload(client: S3Client, upload: AbortMultipartUploadCommandInput): Promise<void> {
  try {
    await client.send(new AbortMultipartUploadCommand(upload));
  } catch (error) {
    if (!isNamed(error, 'NoSuchUpload')) throw unavailable(error);
  }
}

function notImplemented(error: unknown): null {
  if (isNamed(error, 'NotImplemented')) return null;
  throw unavailable(error);
}
