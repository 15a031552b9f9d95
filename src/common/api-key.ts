import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** `lh_<8 characters>_<43 characters>`: the first part tells keys apart, the second is 256 random bits as base64url. */
const KEY = /^(lh_[\dA-Za-z]{8})_[\w-]{43}$/;
const ID_ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ID_LENGTH = 8;

/** Prefix of keys that were not made here, such as those that an operator chose. */
export const OTHER_PREFIX = 'other';

export function newApiKey(): string {
  // 256 is no multiple of 62: some characters are a little more likely, which matters only for secrets.
  const id = Array.from(randomBytes(ID_LENGTH), (byte) => ID_ALPHABET[byte % ID_ALPHABET.length]).join('');
  return `lh_${id}_${randomBytes(32).toString('base64url')}`;
}

/** What a key may be called by: no secret. */
export const prefixOfKey = (key: string): string => KEY.exec(key)?.[1] ?? OTHER_PREFIX;

/** SHA-256: keys are random, so that nothing slower is needed. */
export const digestOfKey = (key: string): Buffer => createHash('sha256').update(key).digest();

/** Whether the digests are the same, in a time that does not depend on where they differ. */
export const isSameDigest = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b);
