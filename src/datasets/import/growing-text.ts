const GROUP = 4096;

/** A text that grows by characters. A plain string that is added to takes dozens of bytes for each until it is read. */
export class GrowingText {
  length = 0;
  private readonly pieces: string[] = [];
  private group: string[] = [];

  add(character: string): void {
    this.length += character.length;
    this.group.push(character);
    if (this.group.length < GROUP) return;
    this.pieces.push(this.group.join(''));
    this.group = [];
  }

  /** The text so far, which is empty from now on. */
  take(): string {
    const text = this.pieces.join('') + this.group.join('');
    this.length = 0;
    this.pieces.length = 0;
    this.group = [];
    return text;
  }
}
