import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../common/clock.js';
import { LinkInvalid } from './storage-errors.js';
import type { SignedLink, SignOptions } from './storage.js';

/** What a verified link allows. */
export interface LinkGrant {
  key: string;
  fileName: string;
  contentType: string;
}

/** Path of the route that serves signed links. */
const FILES_PATH = '/api/v1/files';

const Field = {
  Expires: 'expires',
  FileName: 'file_name',
  ContentType: 'content_type',
  Signature: 'signature',
} as const;

/** Makes and checks links that carry their own permission: an HMAC-SHA256 over the key and everything in the query. */
export class LinkSigner {
  constructor(
    private readonly publicUrl: string,
    private readonly signingKey: string,
    private readonly clock: Clock,
  ) {}

  sign(key: string, options: SignOptions): SignedLink {
    const expires = Math.floor(this.clock.now().getTime() / 1000) + options.expiresInSeconds;
    // A query cannot carry a lone surrogate; what is signed must be what arrives.
    const grant = { key, fileName: options.fileName.toWellFormed(), contentType: options.contentType };
    const query = new URLSearchParams({
      [Field.Expires]: String(expires),
      [Field.FileName]: grant.fileName,
      [Field.ContentType]: grant.contentType,
      [Field.Signature]: this.signature(grant, String(expires)).toString('base64url'),
    });
    return { url: `${this.publicUrl}${FILES_PATH}/${key}?${query.toString()}`, expiresAt: new Date(expires * 1000) };
  }

  /** Throws `LinkInvalid` for a link that was changed or has expired. */
  verify(key: string, query: Readonly<Record<string, unknown>>): LinkGrant {
    const expires = query[Field.Expires];
    const fileName = query[Field.FileName];
    const contentType = query[Field.ContentType];
    const signature = query[Field.Signature];
    if (
      typeof expires !== 'string' ||
      typeof fileName !== 'string' ||
      typeof contentType !== 'string' ||
      typeof signature !== 'string'
    ) {
      throw new LinkInvalid('The download link is incomplete. Ask for a new one.');
    }
    const grant = { key, fileName, contentType };
    const given = Buffer.from(signature, 'base64url');
    const wanted = this.signature(grant, expires);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
      throw new LinkInvalid('The download link was changed. Ask for a new one.');
    }
    if (this.clock.now().getTime() >= Number(expires) * 1000)
      throw new LinkInvalid('The download link has expired. Ask for a new one.');
    return grant;
  }

  /** JSON keeps the parts apart: no file name can pass for a content type. */
  private signature({ key, fileName, contentType }: LinkGrant, expires: string): Buffer {
    return createHmac('sha256', this.signingKey)
      .update(JSON.stringify([key, expires, fileName, contentType]))
      .digest();
  }
}
