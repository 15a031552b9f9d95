import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { ErrorPlace } from '../../common/errors.js';
import type { CsvDialect } from './csv-dialect.js';

const CARRIAGE_RETURN = 0x0d;
const NEWLINE = 0x0a;
const NOTHING = -1;
/** The engine reads no longer record. */
const MAX_RECORD_MB = 2;
const MAX_RECORD = MAX_RECORD_MB * 1_000_000;
/** Blank lines that may stand at the end of a file. */
const MAX_BLANKS = 65_536;

interface Place {
  line: number;
  column: number;
}

/** A field by its numbers, both from 0; the record 0 is the first of the file, the header if there is one. */
export interface FieldNumber {
  record: number;
  field: number;
}

const State = { FieldStart: 0, Plain: 1, Quoted: 2, QuoteInQuoted: 3 } as const;
type State = (typeof State)[keyof typeof State];

/**
 * Reads a CSV file byte by byte to find a place in it. The engine reads far faster but names its own lines, which are not
 * the file's when quoted values span lines; so that this is for files that the engine has refused.
 */
export class CsvScan {
  private readonly delimiter: number;
  private readonly quote: number;
  private state: State = State.FieldStart;
  private here: Place = { line: 1, column: 1 };
  private fieldStart: Place = this.here;
  private record = 0;
  private recordStart: Place = this.here;
  private recordBytes = 0;
  private field = 0;
  private isBlank = true;
  private afterReturn = false;
  private fault: ErrorPlace | undefined;
  private found: Place | undefined;

  private constructor(
    dialect: CsvDialect,
    private readonly fields: number,
    private readonly wanted: FieldNumber | undefined,
  ) {
    this.delimiter = byteOf(dialect.delimiter);
    this.quote = byteOf(dialect.quote);
  }

  /** The first place where the file is not a table of so many fields, if there is one. */
  static async findFault(file: string, dialect: CsvDialect, fields: number): Promise<ErrorPlace | undefined> {
    const scan = new CsvScan(dialect, fields, undefined);
    await scan.read(file);
    return scan.fault;
  }

  /** Where a field begins in the file. */
  static async locate(
    file: string,
    dialect: CsvDialect,
    shape: FieldNumber & { fields: number },
  ): Promise<Place | undefined> {
    const scan = new CsvScan(dialect, shape.fields, shape);
    await scan.read(file);
    return scan.found;
  }

  /**
   * Whether the last line is longer than a record may be. The engine refuses such a record anywhere else, but drops it
   * without a word when it is the last one and crosses a border of its buffers.
   */
  static async endsInLongLine(file: string): Promise<boolean> {
    const handle = await open(file);
    try {
      const { size } = await handle.stat();
      if (size <= MAX_RECORD) return false;
      const length = Math.min(size, MAX_RECORD + MAX_BLANKS);
      const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
      const end = buffer.findLastIndex((byte) => byte !== NEWLINE && byte !== CARRIAGE_RETURN) + 1;
      const last = buffer.subarray(0, end);
      return end - 1 - Math.max(last.lastIndexOf(NEWLINE), last.lastIndexOf(CARRIAGE_RETURN)) > MAX_RECORD;
    } finally {
      await handle.close();
    }
  }

  private async read(file: string): Promise<void> {
    for await (const chunk of createReadStream(file)) {
      // A file stream without an encoding gives buffers.
      for (const byte of chunk as Buffer) {
        this.take(byte);
        if (this.fault !== undefined || this.found !== undefined) return;
      }
    }
    if (this.state === State.Quoted) this.fail(this.fieldStart, 'the quote that opens here is not closed.');
    else if (!this.isBlank || this.field > 0) this.endRecord();
  }

  private take(byte: number): void {
    const isReturned = this.afterReturn && byte === NEWLINE;
    this.afterReturn = byte === CARRIAGE_RETURN;
    this.count();
    if (this.state === State.Quoted) this.takeQuoted(byte);
    else if (!isReturned) this.takePlain(byte);
    this.move(byte, isReturned);
  }

  private count(): void {
    if (this.recordBytes === 0) this.recordStart = { ...this.here };
    this.recordBytes += 1;
    if (this.recordBytes <= MAX_RECORD) return;
    this.fail(
      this.recordStart,
      `the record that begins here is longer than the ${MAX_RECORD_MB} MB that one may have.`,
    );
  }

  private takeQuoted(byte: number): void {
    if (byte === this.quote) this.state = State.QuoteInQuoted;
  }

  private takePlain(byte: number): void {
    if (this.state === State.FieldStart) this.startField();
    if (byte === this.quote && this.state === State.FieldStart) {
      this.state = State.Quoted;
      this.isBlank = false;
    } else if (byte === this.quote && this.state === State.QuoteInQuoted) {
      this.state = State.Quoted;
    } else if (byte === this.delimiter) {
      this.field += 1;
      this.state = State.FieldStart;
    } else if (byte === NEWLINE || byte === CARRIAGE_RETURN) {
      this.endRecord();
    } else if (this.state === State.QuoteInQuoted) {
      this.fail(
        this.here,
        'there is text after the quote that closes a value. A quote inside of a value is written twice.',
      );
    } else {
      this.state = State.Plain;
      this.isBlank = false;
    }
  }

  private startField(): void {
    this.fieldStart = { ...this.here };
    if (this.wanted?.record === this.record && this.wanted.field === this.field) this.found = this.fieldStart;
  }

  private endRecord(): void {
    const count = this.field + 1;
    const isSkipped = this.isBlank && this.field === 0 && this.fields > 1;
    if (!isSkipped) {
      const counted = `there ${count === 1 ? 'is 1 value' : `are ${String(count)} values`}`;
      if (count !== this.fields) this.fail(this.fieldStart, `${counted} where the header has ${String(this.fields)}.`);
      this.record += 1;
    }
    this.recordBytes = 0;
    this.field = 0;
    this.isBlank = true;
    this.state = State.FieldStart;
  }

  private move(byte: number, isReturned: boolean): void {
    if (byte === CARRIAGE_RETURN || (byte === NEWLINE && !isReturned)) {
      this.here = { line: this.here.line + 1, column: 1 };
    } else if (byte !== NEWLINE && (byte & 0xc0) !== 0x80) this.here.column += 1;
  }

  private fail({ line, column }: Place, detail: string): void {
    this.fault ??= { line, column, detail };
  }
}

function byteOf(character: string): number {
  return character === '' ? NOTHING : character.charCodeAt(0);
}
