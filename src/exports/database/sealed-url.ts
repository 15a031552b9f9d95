import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import { maskDatabaseUrl } from './database-url.js';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const MARK = '#sealed:';

/** The key is not the one that the URL was sealed with, or the text was changed. */
export class SealBroken extends Error {}

/**
 * A database URL as it is kept: what may be shown, then the whole of it encrypted. The nonce is drawn from the URL itself:
 * equal URLs give equal texts, so that equal exports are known as such, and a nonce never serves two URLs.
 */
export function sealUrl(url: string, secret: string): string {
  const key = derive(secret, 'encrypt');
  const nonce = createHmac('sha256', derive(secret, 'nonce')).update(url).digest().subarray(0, NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  const body = Buffer.concat([cipher.update(url, 'utf8'), cipher.final()]);
  const sealed = Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url');
  return `${maskDatabaseUrl(url)}${MARK}${sealed}`;
}

/** The URL that was sealed. Throws `SealBroken`. */
export function openUrl(kept: string, secret: string): string {
  const at = kept.indexOf(MARK);
  const sealed = Buffer.from(at < 0 ? '' : kept.slice(at + MARK.length), 'base64url');
  const [nonce, tag] = [sealed.subarray(0, NONCE_BYTES), sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES)];
  try {
    const decipher = createDecipheriv(CIPHER, derive(secret, 'encrypt'), nonce, { authTagLength: TAG_BYTES });
    decipher.setAuthTag(tag);
    const body = decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES));
    return Buffer.concat([body, decipher.final()]).toString('utf8');
  } catch (error) {
    throw new SealBroken('The sealed URL cannot be opened.', { cause: error });
  }
}

/** The part of a kept URL that may be shown. */
export function shownUrl(kept: string): string {
  const at = kept.indexOf(MARK);
  return at < 0 ? maskDatabaseUrl(kept) : kept.slice(0, at);
}

function derive(secret: string, use: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `longhaul database url ${use}`, KEY_BYTES));
}
