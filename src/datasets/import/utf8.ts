import { isUtf8 } from 'node:buffer';
import { DatasetInvalid } from '../dataset.js';
import type { ByteStream } from './byte-stream.js';

const NEWLINE = 0x0a;
const UTF8_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const UTF16_MARKS = [
  { encoding: 'utf-16le', mark: Buffer.from([0xff, 0xfe]) },
  { encoding: 'utf-16be', mark: Buffer.from([0xfe, 0xff]) },
] as const;

/** Text as UTF-8 without a byte order mark. UTF-16 with one is converted; anything else is refused with its place. */
export async function* toUtf8(source: ByteStream, head: Buffer): AsyncGenerator<Buffer> {
  const wide = UTF16_MARKS.find(({ mark }) => startsWith(head, mark));
  const marked = wide === undefined ? source : fromUtf16(source, wide.encoding);
  yield* checked(withoutMark(marked));
}

async function* fromUtf16(source: ByteStream, encoding: string): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  try {
    for await (const chunk of source) yield Buffer.from(decoder.decode(chunk, { stream: true }));
    yield Buffer.from(decoder.decode());
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new DatasetInvalid('The file begins as UTF-16 but is not: save it as UTF-8.', { cause: error });
  }
}

/** The reader of the chunks before made sure that the first one is long enough. */
async function* withoutMark(source: ByteStream): AsyncGenerator<Buffer> {
  let first = true;
  for await (const chunk of source) {
    if (chunk.length === 0) continue;
    yield first && startsWith(chunk, UTF8_MARK) ? chunk.subarray(UTF8_MARK.length) : chunk;
    first = false;
  }
}

async function* checked(source: ByteStream): AsyncGenerator<Buffer> {
  const position = new Position();
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    const end = bytes.length - unfinishedBytes(bytes);
    const whole = bytes.subarray(0, end);
    if (!isUtf8(whole))
      throw refuse(
        position,
        { bytes: whole, index: badByte(whole) },
        'the bytes are not UTF-8. Save the file as UTF-8',
      );
    const zero = whole.indexOf(0);
    if (zero >= 0)
      throw refuse(position, { bytes: whole, index: zero }, 'there is a zero byte. Is it text, and saved as UTF-8');
    position.pass(whole);
    rest = bytes.subarray(end);
    yield whole;
  }
  if (rest.length > 0)
    throw refuse(position, { bytes: rest, index: 0 }, 'the last character is cut off. Is the file whole');
}

interface BadByte {
  bytes: Buffer;
  index: number;
}

function refuse(position: Position, { bytes, index }: BadByte, what: string): DatasetInvalid {
  position.pass(bytes.subarray(0, index));
  const byte = bytes[index]?.toString(16).padStart(2, '0') ?? '';
  return DatasetInvalid.at({ line: position.line, column: position.column, detail: `${what} (byte 0x${byte}).` });
}

/** Counts lines and characters from 1. */
class Position {
  line = 1;
  column = 1;

  pass(bytes: Buffer): void {
    let start = 0;
    for (let index = bytes.indexOf(NEWLINE); index >= 0; index = bytes.indexOf(NEWLINE, start)) {
      this.line += 1;
      this.column = 1;
      start = index + 1;
    }
    for (const byte of bytes.subarray(start)) if ((byte & 0xc0) !== 0x80) this.column += 1;
  }
}

/** How many bytes at the end belong to a character that goes on in the next chunk. */
function unfinishedBytes(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

/** Index of the first byte that is not UTF-8: where decoding puts a replacement that the bytes do not spell. */
function badByte(bytes: Buffer): number {
  const text = bytes.toString('utf8');
  let index = 0;
  let start = 0;
  for (let at = text.indexOf('\ufffd'); at >= 0; at = text.indexOf('\ufffd', start)) {
    index += Buffer.byteLength(text.slice(start, at));
    if (bytes.subarray(index, index + 3).toString('hex') !== 'efbfbd') return index;
    index += 3;
    start = at + 1;
  }
  return index;
}

function startsWith(bytes: Buffer, mark: Buffer): boolean {
  return bytes.subarray(0, mark.length).equals(mark);
}
