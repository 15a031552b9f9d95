import { Byte, PageUnreadable, type JsonBytes } from './json-bytes.js';
import { Kind, MAX_DIGITS, numberKind, type ColumnKinds } from './value-kinds.js';

/** More columns than any file of a table can have. */
const MAX_COLUMNS = 20_000;
/** Objects below this depth stay JSON, however the export treats objects. */
const MAX_FLATTEN_DEPTH = 16;
/** Integers of so many bytes are safe to be told from their length. */
const SHORT_NUMBER = 15;

interface Column extends ColumnKinds {
  /** Number of the last record that had it. */
  seenIn: number;
  inner: RecordColumns | null;
}

/** A key as it stands in the bytes, and what it belongs to. */
interface SeenKey {
  raw: Buffer;
  column: Column;
}

/**
 * Columns of the objects at one place. Records of one source look alike: the keys are expected in the order in which the
 * record before had them, and a key is looked up by its text only when it is not the expected one.
 */
class RecordColumns {
  readonly columns: Column[] = [];
  /** The keys in the order of the last record. */
  readonly order: SeenKey[] = [];
  private readonly byName = new Map<string, Column>();

  constructor(readonly depth: number) {}

  find(json: JsonBytes, start: number, end: number): SeenKey {
    const name = json.text(start, end);
    if (name.includes('\0')) throw new PageUnreadable('a name has the character U+0000', start);
    let column = this.byName.get(name);
    if (column === undefined) {
      if (this.columns.length === MAX_COLUMNS) {
        throw new PageUnreadable(`the records have more than ${MAX_COLUMNS} names`, start);
      }
      column = { name, kinds: 0, fields: [], seenIn: 0, inner: null };
      this.columns.push(column);
      this.byName.set(name, column);
    }
    return { raw: Buffer.from(json.bytes.subarray(start, end)), column };
  }
}

/** Passes records, counts them, and notes which columns they have with which kinds of values. */
export class RecordScan {
  rows = 0;
  /** Bytes of the largest record. */
  largest = 0;
  /** Where numbers begin and end that would lose digits as what they are. */
  readonly vast: number[] = [];
  private readonly top = new RecordColumns(0);

  constructor(
    private readonly json: JsonBytes,
    private readonly flatten: boolean,
  ) {}

  get columns(): ColumnKinds[] {
    return toKinds(this.top.columns);
  }

  /** Passes the object that must stand here. */
  record(): void {
    const { json } = this;
    if (json.next() !== Byte.OpenObject) {
      throw new PageUnreadable(`record ${String(this.rows + 1)} is no object`, json.at);
    }
    const start = json.at;
    this.rows += 1;
    this.object(this.top);
    this.largest = Math.max(this.largest, json.at - start);
  }

  private object(columns: RecordColumns): void {
    const { json, rows } = this;
    json.enter();
    if (!json.isEmpty(Byte.CloseObject)) {
      let index = 0;
      do {
        const column = this.key(columns, index);
        if (column.seenIn === rows) {
          throw new PageUnreadable(`record ${String(rows)} has the name "${column.name}" twice`, json.at);
        }
        column.seenIn = rows;
        this.value(column, columns.depth);
        index += 1;
      } while (json.hasMore(Byte.CloseObject));
    }
    json.leave();
  }

  private key(columns: RecordColumns, index: number): Column {
    const { json } = this;
    if (json.next() !== Byte.Quote) throw json.unexpected('a name in quotes must stand here');
    const expected = columns.order[index];
    if (expected !== undefined && this.isAt(expected.raw)) {
      json.at += expected.raw.length + 2;
      json.expect(Byte.Colon);
      return expected.column;
    }
    const { start, end } = json.key();
    const found = columns.find(json, start, end);
    columns.order[index] = found;
    return found.column;
  }

  /** Whether the string that begins here is these bytes. */
  private isAt(raw: Buffer): boolean {
    const { bytes, at } = this.json;
    const start = at + 1;
    const { length } = raw;
    if (bytes[start + length] !== Byte.Quote) return false;
    for (let index = 0; index < length; index += 1) if (bytes[start + index] !== raw[index]) return false;
    return true;
  }

  private value(column: Column, depth: number): void {
    const { json } = this;
    const byte = json.next();
    if (byte === Byte.Quote) {
      json.string();
      column.kinds |= Kind.Text;
    } else if (byte === Byte.Minus || (byte >= Byte.Zero && byte <= Byte.Nine)) {
      column.kinds |= this.number();
    } else if (byte === Byte.OpenObject) {
      column.kinds |= Kind.Object;
      if (this.flatten && depth < MAX_FLATTEN_DEPTH) this.object((column.inner ??= new RecordColumns(depth + 1)));
      else json.value();
    } else if (byte === Byte.OpenArray) {
      column.kinds |= Kind.Array;
      json.value();
    } else {
      json.literal();
      column.kinds |= byte === 0x6e ? Kind.Null : Kind.Boolean;
    }
  }

  private number(): number {
    const { json } = this;
    const start = json.at;
    const hasFraction = json.number();
    const length = json.at - start;
    if (hasFraction) {
      // The dot, and the zero before it, are no digits that count.
      const digits = length - (json.bytes[start] === Byte.Zero ? 2 : 1);
      if (digits <= MAX_DIGITS && !this.hasExponent(start)) return Kind.Fraction;
    } else if (length <= SHORT_NUMBER) return Kind.Integer;
    const kind = numberKind(json.bytes.toString('latin1', start, json.at));
    if (kind === Kind.Vast && hasFraction) this.vast.push(start, json.at);
    return kind;
  }

  private hasExponent(start: number): boolean {
    const { bytes, at } = this.json;
    for (let index = start; index < at; index += 1) if (((bytes[index] ?? 0) | 0x20) === Byte.LowerE) return true;
    return false;
  }
}

function toKinds(columns: readonly Column[]): ColumnKinds[] {
  return columns.map(({ name, kinds, inner }) => ({ name, kinds, fields: inner ? toKinds(inner.columns) : [] }));
}
