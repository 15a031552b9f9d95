import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { OnApplicationShutdown } from '@nestjs/common';
import { Readable } from 'node:stream';
import { SystemClock, type Clock } from '../../common/clock.js';
import { attachment } from '../attachment.js';
import { ByteFlow, translateErrors } from '../byte-flow.js';
import { checkFolder, checkKey, checkPrefix, isKey } from '../storage-keys.js';
import { ObjectMissing, StorageUnavailable } from '../storage-errors.js';
import type { StorageUpkeep, UnfinishedUpload } from '../storage-upkeep.js';
import { Storage, type ByteRange, type PutOptions, type SignedLink, type SignOptions } from '../storage.js';
import type { StoredObject, WrittenObject } from '../storage.js';
import { checkRange } from './byte-range.js';
import { createClient, type S3Config } from './s3-client.js';
import { answered, isNamed, unavailable } from './s3-errors.js';
import { abortUpload, abortUploads, deleteObjects, openUploads } from './s3-removal.js';
import { S3Upload } from './s3-upload.js';

/** Objects in a bucket of any server that speaks S3, below the configured prefix. */
export class S3Storage extends Storage implements StorageUpkeep, OnApplicationShutdown {
  private readonly client: S3Client;
  /** Signs for the host that clients reach; the same as `client` unless a public endpoint is configured. */
  private readonly publicClient: S3Client;

  /** `clock` dates signed links: it must be the same for all processes, and right. */
  constructor(
    private readonly config: S3Config,
    private readonly clock: Clock = new SystemClock(),
  ) {
    super();
    this.client = createClient(config, config.endpoint);
    this.publicClient = config.publicEndpoint === undefined ? this.client : createClient(config, config.publicEndpoint);
  }

  onApplicationShutdown(): void {
    this.client.destroy();
    this.publicClient.destroy();
  }

  async put(key: string, body: Readable, options: PutOptions): Promise<WrittenObject> {
    checkKey(key);
    const stop = new AbortController();
    const forward = () => {
      stop.abort(options.signal?.reason);
    };
    options.signal?.addEventListener('abort', forward, { once: true });
    if (options.signal?.aborted === true) forward();
    const flow = new ByteFlow(body, stop.signal);
    const target = {
      ...this.address(key),
      ContentType: options.contentType,
      ServerSideEncryption: this.config.serverSideEncryption,
      SSEKMSKeyId: this.config.kmsKeyId,
    };
    try {
      await new S3Upload(this.client, target, { stop, onProgress: options.onProgress }).run(flow);
    } finally {
      options.signal?.removeEventListener('abort', forward);
    }
    return { key, size: flow.size, sha256: flow.sha256() };
  }

  async read(key: string, range?: ByteRange): Promise<Readable> {
    checkKey(key);
    checkRange(range);
    const Range = range === undefined ? undefined : `bytes=${String(range.start)}-${String(range.end)}`;
    try {
      const { Body } = await this.client.send(new GetObjectCommand({ ...this.address(key), Range }));
      if (!(Body instanceof Readable)) throw new TypeError('The server answered without a body.');
      return translateErrors(Body, unavailable);
    } catch (error) {
      if (isNamed(error, 'NoSuchKey', 'NotFound')) throw new ObjectMissing({ cause: error });
      if (isNamed(error, 'InvalidRange')) throw new RangeError('The range starts behind the object.', { cause: error });
      throw unavailable(error);
    }
  }

  async head(key: string): Promise<StoredObject | null> {
    checkKey(key);
    try {
      const { ContentLength, LastModified } = await this.client.send(new HeadObjectCommand(this.address(key)));
      return toStoredObject(key, ContentLength, LastModified);
    } catch (error) {
      if (isNamed(error, 'NotFound', 'NoSuchKey')) return null;
      throw unavailable(error);
    }
  }

  /** What others put into the bucket under names that are no keys (folder marks of a console, say) is passed over. */
  async *list(prefix: string): AsyncGenerator<StoredObject> {
    checkPrefix(prefix);
    for await (const { Key = '', Size, LastModified } of this.objects(prefix)) {
      const key = Key.slice(this.config.prefix.length);
      if (isKey(key)) yield toStoredObject(key, Size, LastModified);
    }
  }

  /** Uploads first: one that is completed meanwhile would be an object again. */
  async removeAll(prefix: string): Promise<void> {
    checkFolder(prefix);
    await abortUploads(this.client, this.config.bucket, this.config.prefix + prefix);
    await deleteObjects(this.client, this.config.bucket, this.objectNames(prefix));
  }

  async remove(key: string): Promise<void> {
    checkKey(key);
    await answered(this.client.send(new DeleteObjectCommand(this.address(key))));
  }

  async *unfinished(): AsyncGenerator<UnfinishedUpload> {
    const { bucket, prefix } = this.config;
    for await (const { Key = '', UploadId, Initiated } of openUploads(this.client, bucket, prefix)) {
      const key = Key.slice(prefix.length);
      if (UploadId !== undefined && Initiated !== undefined && isKey(key)) {
        yield { id: UploadId, key, touchedAt: Initiated };
      }
    }
  }

  async abandon({ id, key }: UnfinishedUpload): Promise<void> {
    if (key === null) throw new TypeError('An upload to S3 has a key.');
    await abortUpload(this.client, { ...this.address(key), UploadId: id });
  }

  async sign(key: string, options: SignOptions): Promise<SignedLink> {
    checkKey(key);
    const signingDate = this.clock.now();
    const command = new GetObjectCommand({
      ...this.address(key),
      ResponseContentDisposition: attachment(options.fileName),
      ResponseContentType: options.contentType,
      ResponseCacheControl: 'private, no-store',
    });
    const expiresIn = options.expiresInSeconds;
    const url = await answered(getSignedUrl(this.publicClient, command, { expiresIn, signingDate }));
    return { url, expiresAt: new Date(signingDate.getTime() + expiresIn * 1000) };
  }

  private address(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.config.bucket, Key: this.config.prefix + key };
  }

  private async *objects(prefix: string): AsyncGenerator<NonNullable<ListObjectsV2CommandOutput['Contents']>[number]> {
    let ContinuationToken: string | undefined;
    do {
      const request = { Bucket: this.config.bucket, Prefix: this.config.prefix + prefix, ContinuationToken };
      const page: ListObjectsV2CommandOutput = await answered(this.client.send(new ListObjectsV2Command(request)));
      yield* page.Contents ?? [];
      ContinuationToken = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (ContinuationToken !== undefined);
  }

  private async *objectNames(prefix: string): AsyncGenerator<string> {
    for await (const { Key } of this.objects(prefix)) if (Key !== undefined) yield Key;
  }
}

function toStoredObject(key: string, size: number | undefined, modifiedAt: Date | undefined): StoredObject {
  if (size === undefined || modifiedAt === undefined) {
    throw new StorageUnavailable({ cause: new TypeError('The server answered without size or time.') });
  }
  return { key, size, modifiedAt };
}
