import type { BlockOutput } from './block-output.js';

const LINE_END = 0x0a;
const QUOTE = 0x22;
const NOTHING = Buffer.alloc(0);

/** How lines of some columns each become records of all columns. */
export interface RecordFrame {
  /** Whether a line end between double quotes belongs to a value. */
  quoted: boolean;
  /** Bytes at both ends of a line that are not part of its values. */
  wrapped: 0 | 1;
  /** Before a record, between the lines it is made of, and after it. */
  start: string;
  glue: string;
  end: string;
  /** Between records. */
  separator: string;
  /** Before the first and after the last record. */
  head: string;
  tail: string;
  /** Whether the first record names the columns. */
  header: boolean;
}

/** The lines of a stream of bytes, without their ends, wherever the stream itself was cut. */
export class Lines {
  private bytes: Buffer = NOTHING;
  private start = 0;
  private searched = 0;
  private inQuotes = false;

  constructor(
    private readonly chunks: AsyncIterator<Buffer, unknown>,
    private readonly quoted: boolean,
  ) {}

  /** The next line, valid until `more`; null when it is not whole yet. */
  take(): Buffer | null {
    const at = this.quoted ? this.unquotedEnd() : this.bytes.indexOf(LINE_END, this.searched);
    if (at < 0) {
      this.searched = this.bytes.length;
      return null;
    }
    const line = this.bytes.subarray(this.start, at);
    this.start = at + 1;
    this.searched = this.start;
    return line;
  }

  /** Reads on; false at the end of the stream. */
  async more(): Promise<boolean> {
    const next = await this.chunks.next();
    if (next.done === true) return false;
    const rest = this.bytes.subarray(this.start);
    this.searched -= this.start;
    this.start = 0;
    this.bytes = rest.length === 0 ? next.value : Buffer.concat([rest, next.value]);
    return true;
  }

  async close(): Promise<void> {
    await this.chunks.return?.();
  }

  private unquotedEnd(): number {
    const { bytes } = this;
    for (let at = this.searched; at < bytes.length; at += 1) {
      const byte = bytes[at];
      if (byte === QUOTE) this.inQuotes = !this.inQuotes;
      else if (byte === LINE_END && !this.inQuotes) return at;
    }
    return -1;
  }
}

/** Puts records together of lines that are read side by side. */
export class RecordJoiner {
  private readonly marks: Readonly<Record<'start' | 'glue' | 'end' | 'separator', Buffer>>;
  private joined = 0;

  constructor(
    private readonly parts: readonly Lines[],
    private readonly frame: RecordFrame,
    private readonly output: BlockOutput,
  ) {
    const { start, glue, end, separator } = frame;
    this.marks = {
      start: Buffer.from(start),
      glue: Buffer.from(glue),
      end: Buffer.from(end),
      separator: Buffer.from(separator),
    };
  }

  /** Records so far, without that of the column names. */
  get rows(): number {
    return this.joined - (this.frame.header ? 1 : 0);
  }

  /** Joins one record; false at the end of all parts. */
  async next(): Promise<boolean> {
    const { marks, parts, frame } = this;
    for (const [index, part] of parts.entries()) {
      const line = part.take() ?? (await nextLine(part));
      if (line === null) {
        if (index > 0) throw new Error(`The columns of a wide table end after ${String(this.joined)} records.`);
        return false;
      }
      if (index > 0) this.put(marks.glue);
      else {
        if (this.joined > 0) this.put(marks.separator);
        this.put(marks.start);
      }
      this.put(line.subarray(frame.wrapped, line.length - frame.wrapped));
    }
    this.put(marks.end);
    this.joined += 1;
    return true;
  }

  private put(part: Buffer): void {
    const { output } = this;
    output.reserve(part.length);
    part.copy(output.bytes, output.length);
    output.length += part.length;
  }
}

async function nextLine(part: Lines): Promise<Buffer | null> {
  while (await part.more()) {
    const line = part.take();
    if (line !== null) return line;
  }
  return null;
}
