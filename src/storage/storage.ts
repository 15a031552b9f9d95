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
 * Where files live. Keys are relative paths of `/`-separated segments of `[A-Za-z0-9._-]`, no segment being `.` or `..`, at most
 * 900 characters in all and 255 in a segment; every other key is refused with a `TypeError`. No key may be a folder of another
 * one (`a` beside `a/b`). A technical failure is a `StorageUnavailable`, which is retryable.
 */
export abstract class Storage {
  /**
   * Writes the whole stream or nothing: on failure or abort no object and no unfinished upload stays, and an object that was there
   * before is as it was. Replaces an existing object. Rejects with the signal's reason after an abort and with the source's own
   * error when the source fails. Only a connection lost while the server commits leaves open whether the (whole) object is there.
   */
  abstract put(key: string, body: Readable, options: PutOptions): Promise<WrittenObject>;
  /**
   * Streams an object or a range of it; throws `ObjectMissing` if there is none. A range that ends behind the last byte is cut
   * there; one that starts behind it, or that ends before it starts, is a `RangeError`.
   */
  abstract read(key: string, range?: ByteRange): Promise<Readable>;
  /** `null` if there is no such object. */
  abstract head(key: string): Promise<StoredObject | null>;
  /** All objects whose key starts with the prefix (which may be empty or end inside a segment), in key order. */
  abstract list(prefix: string): AsyncIterable<StoredObject>;
  /** Removes all objects below the prefix (which ends with `/`) and aborts unfinished uploads there. Nothing to remove is no error. */
  abstract removeAll(prefix: string): Promise<void>;
  /** A link that downloads the object without further authentication until it expires. Does not look whether the object is there. */
  abstract sign(key: string, options: SignOptions): Promise<SignedLink>;
}
