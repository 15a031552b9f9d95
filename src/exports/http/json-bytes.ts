/** Why the content of a page cannot be read, and at which byte of it (from 0). */
export class PageUnreadable extends Error {
  constructor(
    message: string,
    readonly offset: number,
  ) {
    super(message);
  }
}

export const Byte = {
  Tab: 0x09,
  Newline: 0x0a,
  Return: 0x0d,
  Space: 0x20,
  Quote: 0x22,
  Plus: 0x2b,
  Comma: 0x2c,
  Minus: 0x2d,
  Dot: 0x2e,
  Zero: 0x30,
  Nine: 0x39,
  Colon: 0x3a,
  OpenArray: 0x5b,
  Backslash: 0x5c,
  CloseArray: 0x5d,
  LowerE: 0x65,
  LowerU: 0x75,
  OpenObject: 0x7b,
  CloseObject: 0x7d,
} as const;

/** Deeper than any real page, and shallow enough for the stack. */
const MAX_DEPTH = 500;
/** Bytes that end the plain part of a string: the quote, the backslash and control characters. */
const STRING_STOPS = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < Byte.Space || byte === Byte.Quote || byte === Byte.Backslash ? 1 : 0,
);
const ESCAPES = new Set(Buffer.from('"\\/bfnrt'));
const LITERALS = new Map([
  [0x74, Buffer.from('true')],
  [0x66, Buffer.from('false')],
  [0x6e, Buffer.from('null')],
]);
const HEX = /^[0-9a-fA-F]{4}$/;

/**
 * Walks over the bytes of a JSON text and checks its grammar on the way. Line ends between values become blanks in place, so
 * that every object it has passed stands on one line; so does half of a surrogate pair become U+FFFD, for UTF-8 has no bytes
 * for it.
 */
export class JsonBytes {
  at = 0;
  /** Halves of surrogate pairs that were replaced. */
  replaced = 0;
  private depth = 0;

  constructor(
    readonly bytes: Buffer,
    public end = bytes.length,
  ) {}

  /** The byte at the place, or -1 at the end. */
  peek(): number {
    return this.at < this.end ? (this.bytes[this.at] ?? -1) : -1;
  }

  /** The next byte that is no white space, without passing it; -1 at the end. */
  next(): number {
    const { bytes, end } = this;
    while (this.at < end) {
      const byte = bytes[this.at] ?? -1;
      if (byte > Byte.Space) return byte;
      if (byte === Byte.Newline || byte === Byte.Return) bytes[this.at] = Byte.Space;
      else if (byte !== Byte.Space && byte !== Byte.Tab) return byte;
      this.at += 1;
    }
    return -1;
  }

  expect(byte: number): void {
    if (this.next() !== byte) throw this.unexpected(`"${String.fromCharCode(byte)}" must stand here`);
    this.at += 1;
  }

  /** After an item: true when another one follows, false when the list is closed. */
  hasMore(close: number): boolean {
    const byte = this.next();
    if (byte !== Byte.Comma && byte !== close) throw this.unexpected('a comma or the closing bracket must stand here');
    this.at += 1;
    return byte === Byte.Comma;
  }

  /** Whether the list that was just opened is closed at once, which is passed then. */
  isEmpty(close: number): boolean {
    if (this.next() !== close) return false;
    this.at += 1;
    return true;
  }

  /** Passes a string whose opening quote is here. */
  string(): void {
    const { bytes, end } = this;
    let at = this.at + 1;
    for (;;) {
      while (at < end && STRING_STOPS[bytes[at] ?? 0] === 0) at += 1;
      if (at >= end) throw new PageUnreadable('the text that begins here does not end', this.at);
      const byte = bytes[at];
      if (byte === Byte.Quote) break;
      if (byte !== Byte.Backslash) throw new PageUnreadable('a text has a control character that is not escaped', at);
      at = this.escape(at);
    }
    this.at = at + 1;
  }

  /** Passes a number; returns whether it has a fraction or an exponent. */
  number(): boolean {
    const start = this.at;
    if (this.peek() === Byte.Minus) this.at += 1;
    const first = this.peek();
    this.digits();
    if (first === Byte.Zero && this.at - start > (this.bytes[start] === Byte.Minus ? 2 : 1)) {
      throw new PageUnreadable('a number begins with 0', start);
    }
    let isWhole = true;
    if (this.peek() === Byte.Dot) {
      isWhole = false;
      this.at += 1;
      this.digits();
    }
    if ((this.peek() | 0x20) === Byte.LowerE) {
      isWhole = false;
      this.at += 1;
      const sign = this.peek();
      if (sign === Byte.Plus || sign === Byte.Minus) this.at += 1;
      this.digits();
    }
    return !isWhole;
  }

  /** Passes `true`, `false` or `null`. */
  literal(): void {
    const word = LITERALS.get(this.peek());
    if (word?.compare(this.bytes, this.at, Math.min(this.at + word.length, this.end)) !== 0) {
      throw this.unexpected('a value must stand here');
    }
    this.at += word.length;
  }

  /** Passes any value. */
  value(): void {
    const byte = this.next();
    if (byte === Byte.Quote) this.string();
    else if (byte === Byte.OpenObject) this.object();
    else if (byte === Byte.OpenArray) this.array();
    else if (byte === Byte.Minus || (byte >= Byte.Zero && byte <= Byte.Nine)) this.number();
    else this.literal();
  }

  /** Passes a key and its colon; returns where the key's text begins and ends, without its quotes. */
  key(): { start: number; end: number } {
    if (this.next() !== Byte.Quote) throw this.unexpected('a name in quotes must stand here');
    const start = this.at + 1;
    this.string();
    const end = this.at - 1;
    this.expect(Byte.Colon);
    return { start, end };
  }

  /** What a piece of a string between its quotes says. */
  text(start: number, end: number): string {
    const text = this.bytes.toString('utf8', start, end);
    // A string that was passed is one that parses.
    return text.includes('\\') ? String(JSON.parse(`"${text}"`)) : text;
  }

  unexpected(what: string): PageUnreadable {
    return new PageUnreadable(this.at >= this.end ? `the content ends where ${what}` : what, this.at);
  }

  /** Goes into an object or array, and must be left with `leave`. */
  enter(): void {
    this.at += 1;
    this.depth += 1;
    if (this.depth > MAX_DEPTH) throw new PageUnreadable(`values are nested deeper than ${MAX_DEPTH} levels`, this.at);
  }

  leave(): void {
    this.depth -= 1;
  }

  private object(): void {
    this.enter();
    if (!this.isEmpty(Byte.CloseObject)) {
      do {
        this.key();
        this.value();
      } while (this.hasMore(Byte.CloseObject));
    }
    this.leave();
  }

  private array(): void {
    this.enter();
    if (!this.isEmpty(Byte.CloseArray)) {
      do this.value();
      while (this.hasMore(Byte.CloseArray));
    }
    this.leave();
  }

  private digits(): void {
    const { bytes, end } = this;
    const start = this.at;
    let at = start;
    for (let byte = bytes[at] ?? 0; at < end && byte >= Byte.Zero && byte <= Byte.Nine; byte = bytes[at] ?? 0) at += 1;
    this.at = at;
    if (at === start) throw this.unexpected('a digit must stand here');
  }

  /** The place after the escape that begins here. */
  private escape(at: number): number {
    const byte = this.bytes[at + 1] ?? -1;
    if (byte !== Byte.LowerU) {
      if (ESCAPES.has(byte)) return at + 2;
      throw new PageUnreadable('a text has an escape that JSON does not know', at);
    }
    const unit = this.unitAt(at);
    if (unit < 0xd800 || unit > 0xdfff) return at + 6;
    const follows = unit < 0xdc00 && this.bytes[at + 6] === Byte.Backslash && this.bytes[at + 7] === Byte.LowerU;
    const second = follows ? this.unitAt(at + 6) : 0;
    if (second >= 0xdc00 && second <= 0xdfff) return at + 12;
    this.bytes.write('fffd', at + 2, 'latin1');
    this.replaced += 1;
    return at + 6;
  }

  private unitAt(at: number): number {
    const hex = this.bytes.toString('latin1', at + 2, Math.min(at + 6, this.end));
    if (!HEX.test(hex)) throw new PageUnreadable('a text has an escape that JSON does not know', at);
    return Number.parseInt(hex, 16);
  }
}
