import { pointerTo } from '../../common/json-pointer.js';
import { ValidationFailed, type ErrorPlace } from '../../common/errors.js';
import { allowsUrl } from '../../common/host-rule.js';
import { isNamed } from '../../common/owners.js';
import type { ExportSecret } from '../../config/config.js';
import type { HttpSpec } from '../sources/http-spec.js';
import { SourceFailed } from '../sources/source-errors.js';

type Headers = HttpSpec['headers'];
type Secrets = Readonly<Record<string, ExportSecret>>;

/** Who asks whom. */
export interface Asked {
  owner: string;
  url: string;
}

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

/**
 * Throws `ValidationFailed` for headers that cannot be sent, secrets in clear, and secrets that are not configured, or not for this
 * owner and host: in the same words, so that nobody learns what there is.
 */
export function checkHeaders(headers: Headers, secrets: Secrets, asked: Asked): void {
  const places = Object.entries(headers).flatMap(([name, value]): ErrorPlace[] => {
    const pointer = pointerTo('source', 'headers', name);
    if (CONNECTION_NAMES.has(name.toLowerCase())) {
      return [{ pointer, detail: 'belongs to the connection and cannot be set' }];
    }
    if (typeof value !== 'string') {
      if (secretFor(asked, secrets, value.secret) !== undefined) return [];
      return [{ pointer: `${pointer}/secret`, detail: `there is no secret "${value.secret}" that this URL may get` }];
    }
    if (SECRET_NAMES.has(name.toLowerCase())) {
      const detail = 'would be kept and shown in clear; name a configured secret instead: {"secret": "<name>"}';
      return [{ pointer, detail }];
    }
    return UNSENDABLE.test(value) ? [{ pointer, detail: 'has characters that no header can have' }] : [];
  });
  if (places.length > 0) throw ValidationFailed.of(places);
}

/** The headers of every request, with the secrets in their places. Throws `SourceFailed`: the configuration may have changed. */
export function resolveHeaders(headers: Headers, secrets: Secrets, asked: Asked): Record<string, string> {
  const resolved = Object.entries(headers).map(([name, value]): [string, string] => {
    if (typeof value === 'string') return [name, value];
    const secret = secretFor(asked, secrets, value.secret);
    if (secret !== undefined) return [name, secret];
    throw new SourceFailed(
      `This worker has no secret "${value.secret}" that this URL may get. Configure it (EXPORT_SECRETS) and export again.`,
    );
  });
  return Object.fromEntries(resolved);
}

function secretFor({ owner, url }: Asked, secrets: Secrets, name: string): string | undefined {
  const secret = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
  if (secret === undefined || !isNamed(secret.owners, owner)) return undefined;
  return allowsUrl(secret.hosts, new URL(url)) ? secret.value : undefined;
}
