import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import { deflateBlocks } from './deflate-blocks.js';
import type { Copy, Rendered, RenderJob } from './format.js';
import { textBytes } from './wide-text.js';

const DEFLATED = 8;
const FASTEST = 4;
const UNKNOWN_SYSTEM = 255;
const BITS_32 = 2 ** 32;

/**
 * Writes what a COPY gives as one member of a gzip file (RFC 1952), without an intermediate file. The engine's own gzip
 * compresses with one thread: 0.13 million rows a second where this makes several times as many.
 */
export async function copyToGzip(job: RenderJob, copy: Copy): Promise<Rendered> {
  let rows = 0;
  const counted = async function* (): AsyncGenerator<Buffer> {
    rows = yield* textBytes(job, copy);
  };
  await pipeline(member(counted(), job.modified), createWriteStream(job.file));
  return { rows, warnings: copy.warnings ?? [] };
}

async function* member(content: AsyncIterable<Buffer>, modified: Date): AsyncGenerator<Buffer> {
  let checksum = 0;
  let size = 0;
  yield header(modified);
  yield* deflateBlocks(content, (block) => {
    checksum = crc32(block, checksum);
    size += block.length;
  });
  const end = Buffer.alloc(8);
  end.writeUInt32LE(checksum, 0);
  end.writeUInt32LE(size % BITS_32, 4);
  yield end;
}

function header(modified: Date): Buffer {
  const bytes = Buffer.from([0x1f, 0x8b, DEFLATED, 0, 0, 0, 0, 0, FASTEST, UNKNOWN_SYSTEM]);
  bytes.writeUInt32LE(Math.floor(modified.getTime() / 1000) % BITS_32, 4);
  return bytes;
}
