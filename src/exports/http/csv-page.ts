import { isUtf8 } from 'node:buffer';
import { Byte, PageUnreadable } from './json-bytes.js';
import type { PageContent } from './page-content.js';

const MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const DELIMITERS = [Byte.Comma, 0x3b, Byte.Tab, 0x7c];
/** The engine reads no longer one. */
const MAX_RECORD = 2_000_000;

/** Reads a page of CSV (RFC 4180) whose first record has the names. Changes the bytes in place. Throws `PageUnreadable`. */
export function readCsvPage(body: Buffer): PageContent {
  const bytes = body.subarray(0, MARK.length).equals(MARK) ? body.subarray(MARK.length) : body;
  if (!isUtf8(bytes)) throw new PageUnreadable('the content is not UTF-8', 0);
  const scan = new CsvPageScan(bytes);
  const start = scan.head();
  const end = scan.records();
  const { rows, largest, names, delimiter } = scan;
  const header = names.length === 0 ? null : { delimiter: String.fromCharCode(delimiter), names };
  const records = bytes.subarray(start, Math.max(start, end));
  return { records, rows, largest, columns: [], replaced: 0, envelope: null, header };
}

/**
 * Counts records and their values. Line ends between records become a single LF, and blank lines go, by moving bytes towards
 * the beginning.
 */
class CsvPageScan {
  rows = 0;
  largest = 0;
  names: string[] = [];
  delimiter: number = Byte.Comma;
  private at = 0;
  private written = 0;

  constructor(private readonly bytes: Buffer) {}

  /** Passes the first record. Returns where the others will begin. */
  head(): number {
    this.skipBlank();
    if (this.at >= this.bytes.length) return 0;
    const start = this.at;
    const counts = DELIMITERS.map((delimiter) => {
      this.at = start;
      this.written = start;
      return { delimiter, fields: this.record(delimiter) };
    });
    const best = counts.reduce((most, next) => (next.fields > most.fields ? next : most));
    this.delimiter = best.delimiter;
    this.at = start;
    this.written = start;
    this.record(this.delimiter);
    this.names = namesIn(this.bytes.toString('utf8', start, this.written), String.fromCharCode(this.delimiter));
    if (this.names.some((name) => name.includes('\0'))) {
      throw new PageUnreadable('a name has the character U+0000', start);
    }
    this.written = this.at;
    return this.at;
  }

  /** Passes the others. Returns where they end. */
  records(): number {
    const { bytes, names } = this;
    const fields = names.length;
    for (;;) {
      this.skipBlank();
      if (this.at >= bytes.length) return this.written;
      const start = this.at;
      this.rows += 1;
      const found = this.record(this.delimiter);
      if (found !== fields) {
        const values = found === 1 ? '1 value' : `${String(found)} values`;
        throw new PageUnreadable(
          `record ${String(this.rows)} has ${values} where the header has ${String(fields)}`,
          start,
        );
      }
      const size = this.at - start;
      if (size > MAX_RECORD) {
        throw new PageUnreadable(
          `record ${String(this.rows)} is longer than ${String(MAX_RECORD / 1_000_000)} MB`,
          start,
        );
      }
      this.largest = Math.max(this.largest, size);
      bytes[this.written] = Byte.Newline;
      this.written += 1;
    }
  }

  private skipBlank(): void {
    const { bytes } = this;
    while (bytes[this.at] === Byte.Newline || bytes[this.at] === Byte.Return) this.at += 1;
  }

  /** Passes a record and its line end; moves it, without the line end, to where it is written. Returns its number of values. */
  private record(delimiter: number): number {
    const { bytes } = this;
    const end = bytes.length;
    let { at, written } = this;
    let fields = 1;
    let isStart = true;
    while (at < end) {
      const byte = bytes[at] ?? 0;
      if (byte === Byte.Newline || byte === Byte.Return) break;
      if (byte === Byte.Quote && isStart) {
        const close = this.quoted(at, delimiter);
        bytes.copyWithin(written, at, close);
        written += close - at;
        at = close;
        isStart = false;
        continue;
      }
      isStart = byte === delimiter;
      if (isStart) fields += 1;
      bytes[written] = byte;
      written += 1;
      at += 1;
    }
    if (bytes[at] === Byte.Return) at += 1;
    if (at < end && bytes[at] === Byte.Newline) at += 1;
    this.at = at;
    this.written = written;
    return fields;
  }

  /** The place after the quote that closes the value that begins here. */
  private quoted(start: number, delimiter: number): number {
    const { bytes } = this;
    let at = start + 1;
    for (;;) {
      const close = bytes.indexOf(Byte.Quote, at);
      if (close < 0) throw new PageUnreadable('the quote that opens here is not closed', start);
      const after = bytes[close + 1];
      if (after === Byte.Quote) {
        at = close + 2;
        continue;
      }
      if (after === undefined || after === delimiter || after === Byte.Newline || after === Byte.Return)
        return close + 1;
      throw new PageUnreadable('there is text after the quote that closes a value', close + 1);
    }
  }
}

/** The values of one record, whose quotes are known to close. */
function namesIn(record: string, delimiter: string): string[] {
  const names: string[] = [];
  let at = 0;
  while (at <= record.length) {
    if (record.charAt(at) === '"') {
      let end = at + 1;
      while (record.charAt(end) !== '"' || record.charAt(end + 1) === '"') end += record.charAt(end) === '"' ? 2 : 1;
      names.push(record.slice(at + 1, end).replaceAll('""', '"'));
      at = end + 2;
    } else {
      const end = record.indexOf(delimiter, at);
      names.push(record.slice(at, end < 0 ? undefined : end));
      at = end < 0 ? record.length + 1 : end + 1;
    }
  }
  return names;
}
