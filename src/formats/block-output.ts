const BLOCK_BYTES = 1024 * 1024;

/** Collects bytes in blocks of about 1 MiB. Room has to be reserved before anything is put. */
export class BlockOutput {
  bytes = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  /** Where the next byte goes. */
  length = 0;
  private full: Buffer[] = [];

  reserve(bytes: number): void {
    if (this.length + bytes <= this.bytes.length) return;
    this.full.push(this.bytes.subarray(0, this.length));
    this.bytes = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, bytes));
    this.length = 0;
  }

  put(part: Uint8Array): void {
    this.copy(part, 0, part.length);
  }

  // Cells are made of parts of some bytes each: a loop beats the call of a native copy.
  copy(from: Uint8Array, start: number, end: number): void {
    const { bytes } = this;
    let { length } = this;
    for (let at = start; at < end; at += 1) {
      bytes[length] = from[at] ?? 0;
      length += 1;
    }
    this.length = length;
  }

  /** The blocks that are full. */
  takeFull(): Buffer[] {
    const { full } = this;
    this.full = [];
    return full;
  }

  /** All that has not been taken yet. */
  takeAll(): Buffer[] {
    if (this.length > 0) this.reserve(this.bytes.length);
    return this.takeFull();
  }
}
