import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Storage, StoredObject } from '../../src/storage/storage.js';

export const MIB = 1024 * 1024;
export const OCTETS = { contentType: 'application/octet-stream' };

export async function putAll(storage: Storage, names: readonly string[]): Promise<void> {
  await Promise.all(names.map((key) => storage.put(key, Readable.from([key]), OCTETS)));
}

export async function keys(objects: AsyncIterable<StoredObject>): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of objects) found.push(key);
  return found;
}

export function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Pieces of an odd size, so that none ends where a part does. */
export function inPieces(content: Buffer): Readable {
  const size = 65_537;
  const count = Math.ceil(content.length / size);
  return Readable.from(Array.from({ length: count }, (_, n) => content.subarray(n * size, (n + 1) * size)));
}

export async function* failingAfter(bytes: number, failure: Error): AsyncGenerator<Buffer> {
  for (let sent = 0; sent < bytes; sent += MIB) yield Buffer.alloc(Math.min(MIB, bytes - sent));
  throw failure;
}

export async function* endless(): AsyncGenerator<Buffer> {
  for (;;) yield Buffer.alloc(MIB);
}
