import { readDay, readInstant } from '../../common/instants.js';

/** The number `unscaled / 10^scale`. */
export interface ExactNumber {
  unscaled: bigint;
  scale: number;
}

const NUMBER = /^([+-]?)(\d{1,100})(?:\.(\d{1,100}))?(?:[eE]([+-]?\d{1,3}))?$/;
const WITHOUT_OFFSET = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?$/;
const TIME = /^(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?$/;

/** Reads a number, or a text of one, without losing a digit; null when it is none. */
export function readNumber(value: unknown): ExactNumber | null {
  if (typeof value !== 'number' && typeof value !== 'string') return null;
  const match = NUMBER.exec(String(value));
  if (match === null) return null;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const unscaled = BigInt(whole + fraction) * (sign === '-' ? -1n : 1n);
  const scale = fraction.length - Number(exponent);
  return scale >= 0 ? { unscaled, scale } : { unscaled: unscaled * 10n ** BigInt(-scale), scale: 0 };
}

/** The nearest number with so many digits after the point that is not above (`down`) or not below (`up`), unscaled. */
export function roundTo({ unscaled, scale }: ExactNumber, digits: number, direction: 'down' | 'up'): bigint {
  if (scale <= digits) return unscaled * 10n ** BigInt(digits - scale);
  const unit = 10n ** BigInt(scale - digits);
  const truncated = unscaled / unit;
  if (truncated * unit === unscaled) return truncated;
  if (direction === 'down') return unscaled < 0n ? truncated - 1n : truncated;
  return unscaled < 0n ? truncated : truncated + 1n;
}

/** In digits, as the engine writes a decimal of that scale. */
export function decimalText(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const point = digits.length - scale;
  const text = scale === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return unscaled < 0n ? `-${text}` : text;
}

/** The number as the engine writes a member of a column with that scale; one of more digits as it is, which nothing equals. */
export function memberText(number: ExactNumber, scale: number): string {
  const [down, up] = [roundTo(number, scale, 'down'), roundTo(number, scale, 'up')];
  return down === up ? decimalText(down, scale) : decimalText(number.unscaled, number.scale);
}

/** As in reports: a date (`2026`, `2026-05`, `2026-05-17`) is its first instant, and what has no offset is in UTC. */
export function readUtc(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  return readInstant(WITHOUT_OFFSET.test(value) ? `${value}Z` : value);
}

export function readDate(value: unknown): string | null {
  return typeof value === 'string' ? readDay(value) : null;
}

export function readTime(value: unknown): string | null {
  return typeof value === 'string' && TIME.test(value) ? value : null;
}
