import { TextSeal } from '../../common/text-seal.js';
import { maskDatabaseUrl } from './database-url.js';

const MARK = '#sealed:';

const sealOf = (secret: string): TextSeal => new TextSeal(secret, 'database url');

/**
 * A database URL as it is kept: what may be shown, then the whole of it encrypted. Equal URLs give equal texts, so that equal
 * exports are known as such.
 */
export function sealUrl(url: string, secret: string): string {
  return `${maskDatabaseUrl(url)}${MARK}${sealOf(secret).seal(url)}`;
}

/** The URL that was sealed. Throws `SealBroken`. */
export function openUrl(kept: string, secret: string): string {
  const at = kept.indexOf(MARK);
  return sealOf(secret).open(at < 0 ? '' : kept.slice(at + MARK.length));
}

/** The part of a kept URL that may be shown. */
export function shownUrl(kept: string): string {
  const at = kept.indexOf(MARK);
  return at < 0 ? maskDatabaseUrl(kept) : kept.slice(0, at);
}
