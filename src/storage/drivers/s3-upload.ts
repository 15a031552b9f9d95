import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
  type CompletedPart,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Logger } from '@nestjs/common';
import { abortReason } from '../byte-flow.js';
import { answered } from './s3-errors.js';
import { inParts, type Part } from './s3-parts.js';

/** Parts sent at the same time hold at most so many bytes, or one part if it is larger. One more part is being filled. */
const MAX_BYTES_IN_FLIGHT = 24 * 1024 * 1024;

/** A server that has all bytes of an object commits it well within this time. */
const COMMIT_MS = 1000;

/** Name of the object, and what is sent when it is begun. */
export interface UploadTarget {
  Bucket: string;
  Key: string;
  ContentType: string;
  ServerSideEncryption: 'AES256' | 'aws:kms' | undefined;
  SSEKMSKeyId: string | undefined;
}

export interface UploadOptions {
  /** Ends the upload; shared with the source, which has to end by it too. */
  stop: AbortController;
  onProgress: ((bytes: number) => void) | undefined;
}

/**
 * Writes a stream of unknown length as one object: a single PUT if it fits into a part, else a multipart upload that is
 * completed or aborted before the promise settles. The SDK's own `Upload` does neither of what is needed here: its parts
 * cannot grow, and after an abort it settles while requests still run and before the server was told.
 */
export class S3Upload {
  private readonly completed: CompletedPart[] = [];
  private readonly inFlight = new Map<Promise<void>, number>();
  private uploadId: string | undefined;
  private sent = 0;

  constructor(
    private readonly client: S3Client,
    private readonly target: UploadTarget,
    private readonly options: UploadOptions,
  ) {}

  async run(source: AsyncIterable<Buffer>): Promise<void> {
    try {
      for await (const part of inParts(source)) {
        if (part.last && part.number === 1) {
          await this.putWhole(part.bytes);
          return;
        }
        this.uploadId ??= await this.begin();
        await this.makeRoom(part.bytes.length);
        this.throwIfStopped();
        this.start(this.uploadId, part);
      }
      await Promise.all(this.inFlight.keys());
      this.throwIfStopped();
      await this.complete();
    } catch (error) {
      this.options.stop.abort(error);
      await Promise.all(this.inFlight.keys());
      await this.abandon();
      throw error;
    }
  }

  /**
   * An abort leaves it a moment: of a request cut off while it commits nobody could tell whether the object is there. What
   * has not gone out whole by then cannot be committed.
   */
  private async putWhole(bytes: Buffer): Promise<void> {
    this.throwIfStopped();
    const { signal } = this.options.stop;
    const cut = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const cutSoon = () => (timer = setTimeout(() => cut.abort(), COMMIT_MS));
    signal.addEventListener('abort', cutSoon, { once: true });
    try {
      const command = new PutObjectCommand({ ...this.target, Body: bytes, ContentLength: bytes.length });
      await answered(this.client.send(command, { abortSignal: cut.signal }));
    } catch (error) {
      throw cut.signal.aborted ? abortReason(signal) : error;
    } finally {
      signal.removeEventListener('abort', cutSoon);
      clearTimeout(timer);
    }
    this.options.onProgress?.(bytes.length);
  }

  /** Not interrupted either: an upload whose id did not arrive could not be aborted. */
  private async begin(): Promise<string> {
    const command = new CreateMultipartUploadCommand({ ...this.target, ChecksumAlgorithm: 'CRC32' });
    const { UploadId } = await answered(this.client.send(command));
    if (UploadId === undefined) throw new TypeError('The server began an upload without naming it.');
    return UploadId;
  }

  private async makeRoom(size: number): Promise<void> {
    const bytesInFlight = () => this.inFlight.values().reduce((sum, bytes) => sum + bytes, 0);
    while (this.inFlight.size > 0 && bytesInFlight() + size > MAX_BYTES_IN_FLIGHT) {
      await Promise.race(this.inFlight.keys());
    }
  }

  /** A part that fails stops the source and all other parts. */
  private start(uploadId: string, part: Part): void {
    const sending: Promise<void> = this.send(uploadId, part)
      .catch((error: unknown) => {
        this.options.stop.abort(error);
      })
      .finally(() => this.inFlight.delete(sending));
    this.inFlight.set(sending, part.bytes.length);
  }

  private async send(uploadId: string, { number, bytes }: Part): Promise<void> {
    const { Bucket, Key } = this.target;
    const command = new UploadPartCommand({
      Bucket,
      Key,
      UploadId: uploadId,
      PartNumber: number,
      Body: bytes,
      ContentLength: bytes.length,
      ChecksumAlgorithm: 'CRC32',
    });
    const { ETag, ChecksumCRC32 } = await answered(
      this.client.send(command, { abortSignal: this.options.stop.signal }),
    );
    this.completed.push({ PartNumber: number, ETag, ChecksumCRC32 });
    this.sent += bytes.length;
    this.options.onProgress?.(this.sent);
  }

  private async complete(): Promise<void> {
    const { Bucket, Key } = this.target;
    const Parts = this.completed.sort((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0));
    const command = new CompleteMultipartUploadCommand({
      Bucket,
      Key,
      UploadId: this.uploadId,
      MultipartUpload: { Parts },
    });
    await answered(this.client.send(command));
  }

  /** What cannot be told to the server now is aborted later, by `removeAll` of the folder. */
  private async abandon(): Promise<void> {
    if (this.uploadId === undefined) return;
    const { Bucket, Key } = this.target;
    try {
      await this.client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId: this.uploadId }));
    } catch (error) {
      new Logger(S3Upload.name).warn({ msg: 'an upload stays open on the server', key: Key, err: error });
    }
  }

  private throwIfStopped(): void {
    if (this.options.stop.signal.aborted) throw abortReason(this.options.stop.signal);
  }
}
