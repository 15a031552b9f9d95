import type { ByteStream } from './byte-stream.js';

/** A wrapper that does not end within so many characters is left as it is; bounds what is held back between chunks. */
const MAX_WRAPPER = 64 * 1024;
/** What of a wrapper's beginning can stand at the end of a chunk without being seen as one. */
const MAX_OPENING = 64;

const S = String.raw`[ \t\r\n]*`;
const TEXT = String.raw`"((?:[^"\\]|\\.)*)"`;
const NUMBER = String.raw`(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)`;
const wrapped = (key: string, value: string): string => String.raw`\{${S}"\$${key}"${S}:${S}${value}${S}\}`;
const BINARY = String.raw`\{${S}"base64"${S}:${S}${TEXT}${S},${S}"subType"${S}:${S}"[^"]*"${S}\}`;

/**
 * Every form of MongoDB Extended JSON v2, canonical and relaxed, that stands for one value. Inside of a JSON string every
 * quote is escaped, so that no string can contain a brace that is followed by a quoted name: plain text matching is safe.
 */
const WRAPPERS: readonly { pattern: string; unwrap: (value: string) => string }[] = [
  { pattern: wrapped('oid', TEXT), unwrap: quoted },
  { pattern: wrapped('date', wrapped('numberLong', String.raw`"(-?\d+)"`)), unwrap: (value) => toTime(Number(value)) },
  { pattern: wrapped('date', NUMBER), unwrap: (value) => toTime(Number(value)) },
  { pattern: wrapped('date', TEXT), unwrap: (value) => toTime(Date.parse(value), value) },
  { pattern: wrapped('numberInt', String.raw`"(-?\d+)"`), unwrap: wholeNumber },
  { pattern: wrapped('numberLong', String.raw`"(-?\d+)"`), unwrap: wholeNumber },
  // The engine reads NaN and Infinity as numbers, other than JSON itself.
  { pattern: wrapped('numberDouble', String.raw`"(${NUMBER.slice(1, -1)}|NaN|-?Infinity)"`), unwrap: (value) => value },
  { pattern: wrapped('numberDecimal', TEXT), unwrap: quoted },
  { pattern: wrapped('binary', BINARY), unwrap: quoted },
  { pattern: wrapped('uuid', TEXT), unwrap: quoted },
  { pattern: wrapped('symbol', TEXT), unwrap: quoted },
  { pattern: wrapped('undefined', '(true)'), unwrap: () => 'null' },
];

const ANY = new RegExp(WRAPPERS.map(({ pattern }) => pattern).join('|'), 'g');
const WHOLE = new RegExp(ANY.source, 'y');
const UNFINISHED_OPENING = new RegExp(String.raw`\{${S}(?:"\$?)?$`);
const OPENING = new RegExp(String.raw`\{${S}"\$`, 'g');

/**
 * Replaces wrappers like `{"$oid": "…"}` by their values while the text flows; every other byte stays as it is. The text
 * is handled as latin1, one character a byte, which keeps UTF-8 whole and line breaks in their places.
 */
export async function* unwrapExtendedJson(source: ByteStream): AsyncGenerator<Buffer> {
  let held = '';
  for await (const chunk of source) {
    const text = held + chunk.toString('latin1');
    const cut = safeCut(text);
    held = text.slice(cut);
    yield Buffer.from(unwrap(text.slice(0, cut)), 'latin1');
  }
  yield Buffer.from(unwrap(held), 'latin1');
}

function unwrap(text: string): string {
  if (!text.includes('"$')) return text;
  return text.replace(ANY, (match: string, ...groups: unknown[]) => {
    const values = groups.slice(0, WRAPPERS.length);
    const index = values.findIndex((value) => value !== undefined);
    const wrapper = WRAPPERS[index];
    if (wrapper === undefined) return match;
    const breaks = match.split('\n').length - 1;
    return wrapper.unwrap(String(values[index])) + '\n'.repeat(breaks);
  });
}

/** The text can be cut before the first wrapper that may go on in the next chunk. */
function safeCut(text: string): number {
  OPENING.lastIndex = Math.max(0, text.length - MAX_WRAPPER);
  for (let opening = OPENING.exec(text); opening !== null; opening = OPENING.exec(text)) {
    WHOLE.lastIndex = opening.index;
    if (!WHOLE.test(text)) return opening.index;
    OPENING.lastIndex = WHOLE.lastIndex;
  }
  const start = UNFINISHED_OPENING.exec(text.slice(-MAX_OPENING));
  return start === null ? text.length : text.length - start[0].length;
}

/** Milliseconds since 1970 in the one form that becomes a TIMESTAMP; years from 10000 on are kept as text. */
function toTime(milliseconds: number, otherwise = String(milliseconds)): string {
  const time = new Date(milliseconds);
  if (Number.isNaN(time.getTime())) return quoted(otherwise);
  return quoted(
    time
      .toISOString()
      .replace(/^\+0*/, '')
      .replace(/^-00(?=\d{4}-)/, '-'),
  );
}

function wholeNumber(value: string): string {
  const integer = BigInt(value);
  return BigInt.asIntN(64, integer) === integer ? String(integer) : quoted(value);
}

function quoted(value: string): string {
  return `"${value}"`;
}
