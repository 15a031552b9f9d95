const MIB = 1024 * 1024;

/** S3's own limit for one upload. */
export const MAX_PARTS = 10_000;

const FIRST_PART_SIZE = 8 * MIB;

/** After so many parts the size doubles. */
const PARTS_OF_ONE_SIZE = 2_000;

/** One part of an upload; parts count from 1. */
export interface Part {
  number: number;
  bytes: Buffer;
  last: boolean;
}

/**
 * Size of the n-th part: 8 MiB for the first 2,000 parts (15.6 GiB), then 16, 32, 64 and 128 MiB, which is 484 GiB (520 GB) in
 * 10,000 parts. A length need not be known beforehand, and uploads below 15.6 GiB have parts of one size, as some servers ask.
 */
export function partSize(number: number): number {
  return FIRST_PART_SIZE * 2 ** Math.floor((number - 1) / PARTS_OF_ONE_SIZE);
}

/** Cuts a stream into parts; an empty stream is one empty part. Throws a `RangeError` for more than fits into one upload. */
export async function* inParts(source: AsyncIterable<Buffer>): AsyncGenerator<Part> {
  let number = 1;
  let bytes = Buffer.allocUnsafeSlow(partSize(number));
  let filled = 0;
  for await (let piece of source) {
    while (piece.length > 0) {
      if (filled === bytes.length) {
        yield { number, bytes, last: false };
        number += 1;
        if (number > MAX_PARTS) throw new RangeError('The stream is larger than an object can be.');
        bytes = Buffer.allocUnsafeSlow(partSize(number));
        filled = 0;
      }
      const copied = piece.copy(bytes, filled);
      filled += copied;
      piece = piece.subarray(copied);
    }
  }
  yield { number, bytes: bytes.subarray(0, filled), last: true };
}
