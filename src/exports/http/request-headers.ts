import { pointerTo } from '../../common/json-pointer.js';
import { ValidationFailed, type ErrorPlace } from '../../common/errors.js';
import type { HttpSpec } from '../sources/http-spec.js';
import { SourceFailed } from '../sources/source-errors.js';

type Headers = HttpSpec['headers'];
type Secrets = Readonly<Record<string, string>>;

/** Headers that carry secrets: given in clear they would be kept and shown with the parameters of the run. */
const SECRET_NAMES = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'api-key',
  'apikey',
  'x-api-key',
  'x-apikey',
  'x-api-token',
  'x-auth-token',
  'x-auth-key',
  'x-access-token',
  'x-amz-security-token',
  'x-csrf-token',
  'x-gitlab-token',
  'x-goog-api-key',
  'x-vault-token',
  'private-token',
  'ocp-apim-subscription-key',
]);
/** Headers that belong to the connection. */
const CONNECTION_NAMES = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'keep-alive',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'accept-encoding',
]);
const UNSENDABLE = /[^\t\x20-\x7e\x80-\xff]/;

/** Throws `ValidationFailed` for headers that cannot be sent, secrets that are not configured, and secrets in clear. */
export function checkHeaders(headers: Headers, secrets: Secrets): void {
  const places = Object.entries(headers).flatMap(([name, value]): ErrorPlace[] => {
    const pointer = pointerTo('source', 'headers', name);
    if (CONNECTION_NAMES.has(name.toLowerCase())) {
      return [{ pointer, detail: 'belongs to the connection and cannot be set' }];
    }
    if (typeof value !== 'string') {
      if (Object.hasOwn(secrets, value.secret)) return [];
      return [{ pointer: `${pointer}/secret`, detail: `there is no secret "${value.secret}" in the configuration` }];
    }
    if (SECRET_NAMES.has(name.toLowerCase())) {
      const detail = 'would be kept and shown in clear; name a configured secret instead: {"secret": "<name>"}';
      return [{ pointer, detail }];
    }
    return UNSENDABLE.test(value) ? [{ pointer, detail: 'has characters that no header can have' }] : [];
  });
  if (places.length > 0) throw ValidationFailed.of(places);
}

/** The headers of every request, with the secrets in their places. */
export function resolveHeaders(headers: Headers, secrets: Secrets): Record<string, string> {
  const resolved = Object.entries(headers).map(([name, value]): [string, string] => {
    if (typeof value === 'string') return [name, value];
    const secret = Object.hasOwn(secrets, value.secret) ? secrets[value.secret] : undefined;
    if (secret !== undefined) return [name, secret];
    throw new SourceFailed(
      `This worker has no secret "${value.secret}". Configure it (EXPORT_SECRETS) and export again.`,
    );
  });
  return Object.fromEntries(resolved);
}
