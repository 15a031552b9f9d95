import type { IncomingHttpHeaders } from 'node:http';
import { Unauthenticated } from '../platform/http/access-errors.js';
import { keyOfProtocols } from '../platform/http/socket-protocols.js';

/** What a caller shows: an API key, or a token of the issuer. */
export type Credential = { kind: 'key'; value: string } | { kind: 'token'; value: string };

export const KEY_HEADER = 'x-api-key';

/** A JWT: three parts of which the first is a JSON object, `{"`, in base64url. */
const TOKEN = /^eyJ[\w-]*\.[\w-]*\.[\w-]*$/;
const BEARER = /^Bearer +(\S+) *$/i;

/** Throws `Unauthenticated` when there is none, or when there are several that differ. */
export function credentialOf(headers: IncomingHttpHeaders): Credential {
  const { authorization, [KEY_HEADER]: key } = headers;
  const bearer = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
  if (authorization !== undefined && bearer === undefined) {
    throw Unauthenticated.invalid('The header Authorization must be "Bearer <key or token>".');
  }
  // Node joins repeated headers of this name with a comma, which no key has.
  const apiKey = Array.isArray(key) ? key.join(',') : key;
  const values = [bearer, apiKey, keyOfProtocols(headers)].filter((value) => value !== undefined);
  const [value, ...others] = new Set(values);
  if (value === undefined) throw Unauthenticated.missing();
  if (others.length > 0) throw Unauthenticated.invalid('The request has two credentials that differ. Send one.');
  const isToken = value === bearer && apiKey === undefined && TOKEN.test(value);
  return { kind: isToken ? 'token' : 'key', value };
}
