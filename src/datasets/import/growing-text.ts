const GROUP = 4096;

/** A text that grows by characters. A plain string that is added to takes dozens of bytes for each until it is read. */
export class GrowingText {
  private readonly pieces: Buffer[] = [];
  private last = '';

  /** Give or take a character for every few thousand. */
  get length(): number {
    return this.pieces.length * GROUP + this.last.length;
  }

  add(character: string): void {
    this.last += character;
    if (this.last.length < GROUP) return;
    this.pieces.push(Buffer.from(this.last));
    this.last = '';
  }

  /** The text so far, which is empty from now on. */
  take(): string {
    const text = this.pieces.length === 0 ? this.last : Buffer.concat(this.pieces).toString() + this.last;
    this.pieces.length = 0;
    this.last = '';
    return text;
  }
}
