/** UTF-16 units that Excel holds in a cell. */
export const MAX_TEXT_UNITS = 32_767;
/** Most bytes that `escapeText` makes of one. */
export const MAX_ESCAPE_BYTES = 7;

const UNDERSCORE = 0x5f;
const LETTER_X = 0x78;
/** First byte of U+FFFE and U+FFFF in UTF-8, and of 4,094 others. */
const NEAR_THE_END = 0xef;
const MULTI_BYTE = 0x80;
/** From this lead byte on a character is two UTF-16 units. */
const ASTRAL = 0xf0;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;' };

/** What each byte stands as where that is not itself: an entity, or `_xHHHH_` for what XML forbids. */
const ESCAPES = Array.from({ length: MULTI_BYTE }, (_, byte): Buffer | null => {
  const character = String.fromCharCode(byte);
  const entity = ENTITIES[character];
  if (entity !== undefined) return Buffer.from(entity);
  return byte < 0x20 && character !== '\t' && character !== '\n' ? Buffer.from(escapeOf(byte)) : null;
});
const ESCAPED_UNDERSCORE = Buffer.from(escapeOf(UNDERSCORE));

/** 1 where a byte needs a look. */
const SPECIAL = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number((ESCAPES[byte] ?? null) !== null || byte === UNDERSCORE || byte === NEAR_THE_END),
);
const HEX = Uint8Array.from({ length: 256 }, (_, byte) => Number(/[0-9A-Fa-f]/.test(String.fromCharCode(byte))));

/** ECMA-376 part 1, 22.9.2.19 (ST_Xstring). */
function escapeOf(code: number): string {
  return `_x${code.toString(16).toUpperCase().padStart(4, '0')}_`;
}

/**
 * Writes text as the XML of an ST_Xstring to `out` from `at` on, and says where it ends. What XML forbids becomes `_xHHHH_`; a
 * text that reads as such an escape has its first `_` escaped.
 */
export function escapeText(text: { bytes: Buffer; from: number; to: number }, out: Buffer, at: number): number {
  const { bytes, from, to } = text;
  let length = at;
  for (let index = from; index < to; index += 1) {
    const byte = bytes[index] ?? 0;
    if (SPECIAL[byte] === 0) {
      out[length] = byte;
      length += 1;
    } else if (isNonCharacter(bytes, index)) {
      length += out.write(escapeOf(0xff00 | ((bytes[index + 2] ?? 0) + 0x40)), length, 'latin1');
      index += 2;
    } else {
      const escape = byte === UNDERSCORE && isEscapeLike(bytes, index, to) ? ESCAPED_UNDERSCORE : ESCAPES[byte];
      if (escape) length += escape.copy(out, length);
      else {
        out[length] = byte;
        length += 1;
      }
    }
  }
  return length;
}

/** U+FFFE (EF BF BE) or U+FFFF (EF BF BF). */
const isNonCharacter = (bytes: Buffer, at: number): boolean =>
  bytes[at] === NEAR_THE_END && bytes[at + 1] === 0xbf && (bytes[at + 2] ?? 0) >= 0xbe;

/** Whether a reader would take what starts here for an escape: also when the last `_` is that of an escape of ours. */
function isEscapeLike(bytes: Buffer, at: number, to: number): boolean {
  if (at + 6 >= to || bytes[at + 1] !== LETTER_X) return false;
  for (let index = at + 2; index < at + 6; index += 1) if (HEX[bytes[index] ?? 0] === 0) return false;
  const last = bytes[at + 6] ?? 0;
  return (
    last === UNDERSCORE || (last < 0x20 && last !== 0x0d && ESCAPES[last] !== null) || isNonCharacter(bytes, at + 6)
  );
}

/** What a spreadsheet may take for a formula when the cell is typed again or the text is pasted: = + - @, tab, CR. */
export const isFormulaLike = (first: number | undefined): boolean =>
  first === 0x3d || first === 0x2b || first === 0x2d || first === 0x40 || first === 0x09 || first === 0x0d;

/** Where the text ends that fits into a cell: `to`, or before the first character that goes beyond. */
export function endOfFitting(bytes: Buffer, from: number, to: number): number {
  if (to - from <= MAX_TEXT_UNITS) return to;
  let units = 0;
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] ?? 0;
    if ((byte & 0xc0) === MULTI_BYTE) continue;
    units += byte >= ASTRAL ? 2 : 1;
    if (units > MAX_TEXT_UNITS) return at;
  }
  return to;
}
