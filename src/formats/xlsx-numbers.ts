/** Digits that Excel keeps of a number. */
const MAX_DIGITS = 15;

const [ZERO, NINE, MINUS, POINT] = [0x30, 0x39, 0x2d, 0x2e] as const;
const [LETTER_I, LETTER_N] = [0x69, 0x6e] as const;

/** Whether Excel keeps every digit of an integer or decimal. Zeros at the end of a fraction are none. */
export function fitsDigits(bytes: Buffer, from: number, to: number): boolean {
  if (to - from <= MAX_DIGITS) return true;
  let digits = 0;
  let zeros = 0;
  let inFraction = false;
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === POINT) {
      inFraction = true;
      digits += zeros;
      zeros = 0;
    } else if (byte === ZERO) zeros += digits > 0 ? 1 : 0;
    else if (byte > ZERO && byte <= NINE) {
      digits += zeros + 1;
      zeros = 0;
    }
  }
  return digits + (inFraction ? 0 : zeros) <= MAX_DIGITS;
}

/** What the engine writes for NaN and infinities, as JavaScript has it; null for a number. */
export function noNumber(bytes: Buffer, from: number): string | null {
  const negative = bytes[from] === MINUS;
  const first = bytes[negative ? from + 1 : from];
  if (first === LETTER_N) return 'NaN';
  if (first === LETTER_I) return negative ? '-Infinity' : 'Infinity';
  return null;
}
