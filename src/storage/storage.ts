import type { Readable } from 'node:stream';

/** What storage knows of a stored object. */
export interface StoredObject {
  key: string;
  /** Bytes. */
  size: number;
  modifiedAt: Date;
}

/** What was written: `sha256` (hex) is computed over the bytes while they flow. */
export interface WrittenObject {
  key: string;
  size: number;
  sha256: string;
}

export interface PutOptions {
  contentType: string;
  signal?: AbortSignal;
  /** Called with the bytes written so far. */
  onProgress?: (bytes: number) => void;
}

/** Bytes `start` to `end`, both inclusive, counted from 0. */
export interface ByteRange {
  start: number;
  end: number;
}

export interface SignOptions {
  /** Name that the download is saved under; any Unicode. */
  fileName: string;
  contentType: string;
  expiresInSeconds: number;
}

export interface SignedLink {
  url: string;
  expiresAt: Date;
}

/**
 * Where files live. Keys are relative paths of `/`-separated segments of `[A-Za-z0-9._-]`, no segment being `.` or `..`;
 * every other key is refused with a `TypeError`. A technical failure is a `StorageUnavailable`, which is retryable.
 */
export abstract class Storage {
  /** Writes the whole stream or nothing: on failure or abort no object and no unfinished upload stays. Replaces an existing object. */
  abstract put(key: string, body: Readable, options: PutOptions): Promise<WrittenObject>;
  /** Streams an object or a range of it; throws `ObjectMissing` if there is none. */
  abstract read(key: string, range?: ByteRange): Promise<Readable>;
  /** `null` if there is no such object. */
  abstract head(key: string): Promise<StoredObject | null>;
  /** All objects whose key starts with the prefix, in key order. */
  abstract list(prefix: string): AsyncIterable<StoredObject>;
  /** Removes all objects below the prefix (which ends with `/`) and aborts unfinished uploads there. Nothing to remove is no error. */
  abstract removeAll(prefix: string): Promise<void>;
  /** A link that downloads the object without further authentication until it expires. */
  abstract sign(key: string, options: SignOptions): Promise<SignedLink>;
}
