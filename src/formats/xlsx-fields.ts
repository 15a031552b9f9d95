/** Bytes that structure what the engine writes. A text that holds one of them, or a line end, stands between quotes. */
export const FieldMark = { Separator: 0x01, Quote: 0x02, Null: 0x03, Text: 0x04, RecordEnd: 0x0a } as const;

const asText = (mark: number): string => `'${String.fromCharCode(mark)}'`;

/** Options of the COPY whose bytes `Fields` reads. */
export const FIELD_OPTIONS =
  `FORMAT csv, HEADER false, DELIMITER ${asText(FieldMark.Separator)}, QUOTE ${asText(FieldMark.Quote)}, ` +
  `ESCAPE ${asText(FieldMark.Quote)}, NULLSTR ${asText(FieldMark.Null)}`;

const ROOM_BYTES = 256 * 1024;

/** Takes the fields of a table in their order. Bytes are valid during the call only. */
export interface FieldSink {
  value(bytes: Buffer, from: number, to: number): void;
  nothing(): void;
  endRecord(): void;
}

/** Cuts a stream of bytes into fields and records, wherever the stream itself was cut. */
export class Fields {
  private bytes = Buffer.allocUnsafe(ROOM_BYTES);
  /** End of what `bytes` holds, start of the next field, and where the search for its end goes on. */
  private end = 0;
  private start = 0;
  private searched = 0;

  constructor(private readonly sink: FieldSink) {}

  add(chunk: Buffer): void {
    const rest = this.end - this.start;
    if (rest + chunk.length > this.bytes.length) {
      // Room doubles, so that a text of many chunks is not copied once for each of them.
      const grown = Buffer.allocUnsafe(2 * (rest + chunk.length));
      this.bytes.copy(grown, 0, this.start, this.end);
      this.bytes = grown;
    } else this.bytes.copyWithin(0, this.start, this.end);
    chunk.copy(this.bytes, rest);
    this.end = rest + chunk.length;
    this.searched -= this.start;
    this.start = 0;
  }

  /** Hands on what is whole, up to so many records; says how many there were. */
  drain(most: number): number {
    const { sink } = this;
    for (let records = 0; records < most;) {
      const at = this.fieldEnd();
      if (at < 0) return records;
      this.hand(at);
      this.start = at + 1;
      this.searched = this.start;
      if (this.bytes[at] !== FieldMark.RecordEnd) continue;
      sink.endRecord();
      records += 1;
    }
    return most;
  }

  /** Where the separator or record end after the next field stands; -1 if it has not come yet. */
  private fieldEnd(): number {
    const { bytes, end, start } = this;
    let at = this.searched;
    if (start < end && bytes[start] === FieldMark.Quote) {
      return this.quotedEnd(at === start ? start + 1 : at);
    }
    for (; at < end; at += 1) {
      const byte = bytes[at];
      if (byte === FieldMark.Separator || byte === FieldMark.RecordEnd) return at;
    }
    this.searched = at;
    return -1;
  }

  private quotedEnd(from: number): number {
    const { bytes, end } = this;
    let at = from;
    for (; at + 1 < end; at += 1) {
      if (bytes[at] !== FieldMark.Quote) continue;
      if (bytes[at + 1] !== FieldMark.Quote) return at + 1;
      at += 1;
    }
    this.searched = at;
    return -1;
  }

  private hand(at: number): void {
    const { bytes, sink, start } = this;
    const first = bytes[start];
    if (first === FieldMark.Quote) {
      const plain = unquoted(bytes.subarray(start + 1, at - 1));
      sink.value(plain, 0, plain.length);
    } else if (first === FieldMark.Null && at === start + 1) sink.nothing();
    else sink.value(bytes, start, at);
  }
}

/** Each quote inside of quotes is written twice. */
function unquoted(bytes: Buffer): Buffer {
  if (!bytes.includes(FieldMark.Quote)) return bytes;
  const plain = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    plain[length] = bytes[at] ?? 0;
    length += 1;
    if (bytes[at] === FieldMark.Quote) at += 1;
  }
  return plain.subarray(0, length);
}
