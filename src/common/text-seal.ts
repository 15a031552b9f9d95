import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** The key is not the one that the text was sealed with, or the sealed text was changed. */
export class SealBroken extends Error {}

/**
 * Texts that must be kept but not be read. Keys are drawn from the operator's secret and what they are for, so that one secret may
 * serve several uses. The nonce is drawn from the text itself: equal texts give equal sealed ones, and a nonce never serves two.
 */
export class TextSeal {
  private readonly key: Buffer;
  private readonly nonceKey: Buffer;

  constructor(secret: string, use: string) {
    this.key = derive(secret, `${use} encrypt`);
    this.nonceKey = derive(secret, `${use} nonce`);
  }

  /** base64url of nonce, tag and encrypted text. */
  seal(text: string): string {
    const nonce = createHmac('sha256', this.nonceKey).update(text).digest().subarray(0, NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.key, nonce, { authTagLength: TAG_BYTES });
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url');
  }

  /** The text that was sealed. Throws `SealBroken`. */
  open(sealed: string): string {
    const bytes = Buffer.from(sealed, 'base64url');
    const [nonce, tag] = [bytes.subarray(0, NONCE_BYTES), bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES)];
    try {
      const decipher = createDecipheriv(CIPHER, this.key, nonce, { authTagLength: TAG_BYTES });
      decipher.setAuthTag(tag);
      const body = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES));
      return Buffer.concat([body, decipher.final()]).toString('utf8');
    } catch (error) {
      throw new SealBroken('The sealed text cannot be opened.', { cause: error });
    }
  }
}

function derive(secret: string, use: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `longhaul ${use}`, KEY_BYTES));
}
