import { isUtf8 } from 'node:buffer';
import { Byte, JsonBytes, PageUnreadable } from './json-bytes.js';
import { RecordScan } from './record-scan.js';
import type { PageContent } from './page-content.js';

const MARK = Buffer.from([0xef, 0xbb, 0xbf]);

export interface JsonPageOptions {
  /** Where the array of records is: the steps of `records_path`. */
  path: readonly string[];
  /** Whether objects inside of records are looked into. */
  flatten: boolean;
}

/** Reads a page of JSON whose records are an array at a path. Changes the bytes in place. Throws `PageUnreadable`. */
export function readJsonPage(body: Buffer, { path, flatten }: JsonPageOptions): PageContent {
  const json = new JsonBytes(withoutMark(body));
  const scan = new RecordScan(json, flatten);
  const span = new PathWalk(json, scan, path).walk();
  const { bytes } = json;
  // With an empty list in its place, what is left of the page is still JSON.
  const envelope = Buffer.concat([bytes.subarray(0, span.start), Buffer.from('[]'), bytes.subarray(span.end)]);
  const records = bytes.subarray(span.first, Math.max(span.first, span.last));
  return contentOf(scan, { envelope, records, offset: span.first, replaced: json.replaced });
}

/** Reads records that stand on a line each. Throws `PageUnreadable`. */
export function readNdjsonPage(body: Buffer, { flatten }: Pick<JsonPageOptions, 'flatten'>): PageContent {
  const records = withoutMark(body);
  const json = new JsonBytes(records);
  const scan = new RecordScan(json, flatten);
  while (json.at < records.length) {
    const end = records.indexOf(Byte.Newline, json.at);
    json.end = end < 0 ? records.length : end;
    if (json.next() >= 0) {
      scan.record();
      if (json.next() >= 0) throw json.unexpected('the line of a record must end here');
    }
    json.at = json.end + 1;
  }
  return contentOf(scan, { envelope: null, records, offset: 0, replaced: json.replaced });
}

/** The text of a single value at a path in JSON; null if there is none, or if it is null, an object or an array. */
export function scalarAt(envelope: Buffer, path: readonly string[]): string | null {
  const json = new JsonBytes(Buffer.from(envelope));
  const found = locate(json, path, 0);
  if (!found) return null;
  const byte = json.next();
  const start = json.at;
  if (byte === Byte.OpenObject || byte === Byte.OpenArray) return null;
  json.value();
  if (byte === Byte.Quote) return json.text(start + 1, json.at - 1);
  const text = json.bytes.toString('latin1', start, json.at);
  return text === 'null' ? null : text;
}

function withoutMark(body: Buffer): Buffer {
  const bytes = body.subarray(0, MARK.length).equals(MARK) ? body.subarray(MARK.length) : body;
  if (!isUtf8(bytes)) throw new PageUnreadable('the content is not UTF-8', 0);
  return bytes;
}

function contentOf(
  scan: RecordScan,
  page: Pick<PageContent, 'envelope' | 'records' | 'replaced'> & { offset: number },
): PageContent {
  const { rows, largest, columns, vast } = scan;
  const { envelope, replaced, offset } = page;
  const records = quoteNumbers(page.records, vast, offset);
  return { records, rows, largest, columns, replaced, envelope, header: null };
}

/** Numbers that would lose digits become texts of what stands there. */
function quoteNumbers(records: Buffer, places: readonly number[], offset: number): Buffer {
  if (places.length === 0) return records;
  const pieces: Buffer[] = [];
  const quote = Buffer.from('"');
  let from = 0;
  for (const place of places) {
    pieces.push(records.subarray(from, place - offset), quote);
    from = place - offset;
  }
  return Buffer.concat([...pieces, records.subarray(from)]);
}

/** Goes to the value at the path, without passing it. False if there is none. */
function locate(json: JsonBytes, path: readonly string[], depth: number): boolean {
  const step = path[depth];
  if (step === undefined) return true;
  const open = json.next();
  if (open !== Byte.OpenObject && open !== Byte.OpenArray) return false;
  const close = open === Byte.OpenObject ? Byte.CloseObject : Byte.CloseArray;
  json.enter();
  if (json.isEmpty(close)) return false;
  let index = 0;
  do {
    const name = open === Byte.OpenArray ? String(index) : keyText(json);
    if (name === step) return locate(json, path, depth + 1);
    json.value();
    index += 1;
  } while (json.hasMore(close));
  return false;
}

function keyText(json: JsonBytes): string {
  const { start, end } = json.key();
  return json.text(start, end);
}

/** `start` to `end` is the array of records with its brackets; `first` to `last` what stands between them. */
interface Span {
  start: number;
  end: number;
  first: number;
  last: number;
}

/** Passes the whole page once, and the records in it as such. */
class PathWalk {
  private span: Span | null = null;

  constructor(
    private readonly json: JsonBytes,
    private readonly scan: RecordScan,
    private readonly path: readonly string[],
  ) {}

  walk(): Span {
    const { json } = this;
    this.visit(0);
    if (json.next() >= 0) throw json.unexpected('the page must end here');
    if (this.span === null) throw new PageUnreadable('there is nothing at records_path', 0);
    return this.span;
  }

  private visit(depth: number): void {
    const { json, path } = this;
    const step = path[depth];
    if (step === undefined) {
      this.records();
      return;
    }
    const open = json.next();
    if (open !== Byte.OpenObject && open !== Byte.OpenArray) {
      json.value();
      return;
    }
    const close = open === Byte.OpenObject ? Byte.CloseObject : Byte.CloseArray;
    json.enter();
    if (!json.isEmpty(close)) {
      let index = 0;
      do {
        const name = open === Byte.OpenArray ? String(index) : keyText(json);
        if (name === step) this.visit(depth + 1);
        else json.value();
        index += 1;
      } while (json.hasMore(close));
    }
    json.leave();
  }

  /** The array becomes a line for each record: the commas between them become line ends in place. */
  private records(): void {
    const { json, scan } = this;
    if (this.span !== null) throw new PageUnreadable('a name of records_path is there twice', json.at);
    const byte = json.next();
    const start = json.at;
    if (byte === 0x6e) {
      // Some servers write an empty list as null.
      json.literal();
      this.span = { start, end: json.at, first: start, last: start };
      return;
    }
    if (byte !== Byte.OpenArray) throw new PageUnreadable('there is no array at records_path', start);
    json.enter();
    const first = json.at;
    if (!json.isEmpty(Byte.CloseArray)) {
      let hasMore = true;
      while (hasMore) {
        scan.record();
        hasMore = json.hasMore(Byte.CloseArray);
        if (hasMore) json.bytes[json.at - 1] = Byte.Newline;
      }
    }
    json.leave();
    this.span = { start, end: json.at, first, last: json.at - 1 };
  }
}
