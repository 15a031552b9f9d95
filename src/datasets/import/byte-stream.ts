import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { DatasetInvalid } from '../dataset.js';

export type ByteStream = AsyncIterable<Buffer>;

/** Passes the bytes on until there are more than the limit, then throws what `refuse` makes. */
export async function* limited(
  source: AsyncIterable<Uint8Array>,
  limit: number,
  refuse: () => Error,
): AsyncGenerator<Buffer> {
  let total = 0;
  for await (const chunk of source) {
    total += chunk.byteLength;
    if (total > limit) throw refuse();
    yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
}

/** The first `length` bytes (fewer if there are no more), and a stream of all bytes including these. */
export async function peek(source: ByteStream, length: number): Promise<{ head: Buffer; stream: ByteStream }> {
  const iterator = source[Symbol.asyncIterator]();
  const chunks: Buffer[] = [];
  let size = 0;
  while (size < length) {
    const next = await iterator.next();
    if (next.done === true) break;
    chunks.push(next.value);
    size += next.value.length;
  }
  const head = Buffer.concat(chunks);
  return { head, stream: resume(head, iterator) };
}

async function* resume(head: Buffer, iterator: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    if (head.length > 0) yield head;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}

export const isGzip = (head: Buffer): boolean => head[0] === 0x1f && head[1] === 0x8b;

/** Unpacks gzip, of several members too. */
export async function* gunzip(source: ByteStream): AsyncGenerator<Buffer> {
  const unpack = createGunzip();
  let broken: unknown;
  const feeding = pipeline(Readable.from(source, { objectMode: false }), unpack).catch((error: unknown) => {
    broken = error;
  });
  try {
    for await (const chunk of unpack) {
      // A zlib stream without an encoding gives buffers.
      yield chunk as Buffer;
    }
    await feeding;
  } catch (error) {
    unpack.destroy();
    await feeding;
    throw gzipError(broken ?? error);
  }
}

function gzipError(error: unknown): unknown {
  const isZlib = error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
  if (!isZlib) return error;
  return new DatasetInvalid(`The file is gzip that cannot be unpacked: ${error.message}.`, { cause: error });
}
