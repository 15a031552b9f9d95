import { createRemoteJWKSet, errors, type FlattenedJWSInput, type JWSHeaderParameters } from 'jose';
import { z } from 'zod';
import { ServiceUnavailable } from '../common/errors.js';
import type { OidcConfig } from '../config/config.js';

const TIMEOUT_MS = 5000;
/** How old the keys in use may get. */
const MAX_AGE_MS = 600_000;
/** A token that names an unknown key has them fetched again, but not more often than this. */
const COOLDOWN_MS = 5000;
/** An issuer that does not answer is not asked again for so long. */
const RETRY_AFTER_SECONDS = 5;

const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.url() });

type RemoteKeys = ReturnType<typeof createRemoteJWKSet>;

/** The public keys of an issuer, fetched when a token needs them and kept for a while. */
export class IssuerKeys {
  private keys: Promise<RemoteKeys> | undefined;
  private failedAt = -Infinity;

  constructor(private readonly oidc: OidcConfig) {}

  /** The key that a token was signed with. Throws `ServiceUnavailable` when the keys cannot be had, else errors of `jose`. */
  async of(header: JWSHeaderParameters, token: FlattenedJWSInput): ReturnType<RemoteKeys> {
    if (performance.now() - this.failedAt < RETRY_AFTER_SECONDS * 1000) throw unavailable();
    try {
      const keys = await (this.keys ??= this.open());
      return await keys(header, token);
    } catch (error) {
      if (isAboutToken(error)) throw error;
      this.failedAt = performance.now();
      throw unavailable(error);
    }
  }

  private async open(): Promise<RemoteKeys> {
    try {
      const url = new URL(this.oidc.jwksUrl ?? (await discover(this.oidc.issuer)));
      return createRemoteJWKSet(url, {
        timeoutDuration: TIMEOUT_MS,
        cacheMaxAge: MAX_AGE_MS,
        cooldownDuration: COOLDOWN_MS,
      });
    } catch (error) {
      this.keys = undefined;
      throw error;
    }
  }
}

/** OpenID Connect Discovery 1.0: where the keys are. */
async function discover(issuer: string): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`the discovery document was answered with ${String(response.status)}`);
  }
  const found = discoverySchema.parse(await response.json());
  if (found.issuer !== issuer) throw new Error('the discovery document is of another issuer');
  return found.jwks_uri;
}

const isAboutToken = (error: unknown): boolean =>
  error instanceof errors.JWKSNoMatchingKey ||
  error instanceof errors.JWKSMultipleMatchingKeys ||
  error instanceof errors.JOSENotSupported;

const unavailable = (cause?: unknown): ServiceUnavailable =>
  new ServiceUnavailable('The keys of the token issuer cannot be had right now. Send the same request again later.', {
    cause,
    retryAfter: RETRY_AFTER_SECONDS,
  });
