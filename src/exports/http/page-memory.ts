/** Bodies differ in size: a little more fits the next one too. */
const ROOM = 1.25;
const STEP = 64 * 1024;

/** Memory for bodies of pages that is used again: new memory for each would keep the garbage collector busy. */
export class PageMemory {
  private readonly free: Buffer[] = [];

  /** `kept`: pieces that stay at most. */
  constructor(private readonly kept: number) {}

  /** Memory of at least so many bytes, which is the caller's until it is given back. It need not be. */
  take(bytes: number): Buffer {
    const index = this.free.findIndex((memory) => memory.length >= bytes);
    const [found] = index < 0 ? [] : this.free.splice(index, 1);
    return found ?? Buffer.allocUnsafeSlow(Math.ceil((bytes * ROOM) / STEP) * STEP);
  }

  /** For memory that nobody reads or writes any more. */
  give(memory: Buffer): void {
    if (this.free.length < this.kept) this.free.push(memory);
  }
}
