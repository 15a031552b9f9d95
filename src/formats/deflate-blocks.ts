import { promisify } from 'node:util';
import { constants, deflateRaw } from 'node:zlib';

const BLOCK_BYTES = 1024 * 1024;
const LARGE_BYTES = BLOCK_BYTES / 2;
/** Blocks that are deflated at a time: the libuv pool has four threads, and files want some of them. */
const PARALLEL_BLOCKS = 3;
const OPTIONS = { level: 1, windowBits: 13, finishFlush: constants.Z_SYNC_FLUSH, chunkSize: BLOCK_BYTES / 4 };
/** An empty last block: what goes before it ends at a byte, by the sync flush. */
const END = Buffer.from([0x03, 0x00]);

const deflateBlock = promisify<Buffer, typeof OPTIONS, Buffer>(deflateRaw);

/**
 * One deflate stream (RFC 1951) of blocks that were deflated side by side. A block knows nothing of the one before it, which
 * costs about 1 % of size. `onBlock` sees each block before it is deflated.
 */
export async function* deflateBlocks(
  chunks: AsyncIterable<Buffer>,
  onBlock: (block: Buffer) => void,
): AsyncGenerator<Buffer> {
  const inFlight: Promise<Buffer>[] = [];
  try {
    for await (const block of blocksOf(chunks)) {
      onBlock(block);
      inFlight.push(deflateBlock(block, OPTIONS));
      if (inFlight.length >= PARALLEL_BLOCKS) yield await next(inFlight);
    }
    while (inFlight.length > 0) yield await next(inFlight);
    yield END;
  } finally {
    await Promise.allSettled(inFlight);
  }
}

async function next(inFlight: Promise<Buffer>[]): Promise<Buffer> {
  const [first] = inFlight;
  const deflated = await first;
  void inFlight.shift();
  return deflated ?? END;
}

/** The same bytes in blocks: of one size what comes in small chunks, large chunks as they are. Nobody may change them later. */
async function* blocksOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let block = Buffer.alloc(0);
  let filled = 0;
  for await (const chunk of chunks) {
    if (chunk.length >= LARGE_BYTES) {
      if (filled > 0) yield block.subarray(0, filled);
      filled = 0;
      yield chunk;
      continue;
    }
    for (let from = 0; from < chunk.length;) {
      if (filled === 0) block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      const copied = chunk.copy(block, filled, from);
      filled += copied;
      from += copied;
      if (filled < BLOCK_BYTES) continue;
      yield block;
      filled = 0;
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
}
