import type { ByteRange } from '../storage.js';

export function checkRange(range: ByteRange | undefined): void {
  if (range === undefined) return;
  const { start, end } = range;
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start) {
    throw new RangeError(`${String(start)}-${String(end)} is no range of bytes.`);
  }
}
