import { Injectable, Logger } from '@nestjs/common';
import { digestOfKey, isSameDigest, prefixOfKey } from '../common/api-key.js';
import type { Actor } from '../common/actor.js';
import { DEFAULT_OWNER } from '../common/owners.js';
import { SCOPES, type Scope } from '../common/scope.js';
import { Config } from '../config/config.js';
import { Unauthenticated } from '../platform/http/access-errors.js';
import type { Authenticator } from '../platform/http/access.js';
import { traceparentOf, type Caller, type CallerRequest } from '../platform/http/caller.js';
import { clientAddress } from '../platform/http/client-address.js';
import type { KeyCandidate } from './api-key.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { BootstrapKey } from './bootstrap-key.js';
import { credentialOf } from './credential.js';
import { TokenVerifier } from './token-verifier.js';

interface Identity {
  type: Extract<Actor['type'], 'key' | 'token' | 'anonymous'>;
  id: string | null;
  owner: string;
  scopes: readonly Scope[];
  expiresAt: Date | null;
}

const ANONYMOUS: Identity = { type: 'anonymous', id: null, owner: DEFAULT_OWNER, scopes: SCOPES, expiresAt: null };

/** Callers by API key or token. Nothing is remembered of a key: one that is revoked is refused with the next request. */
@Injectable()
export class RequestAuthenticator implements Authenticator {
  private readonly log = new Logger(RequestAuthenticator.name);

  constructor(
    private readonly config: Config,
    private readonly keys: ApiKeysRepository,
    private readonly bootstrap: BootstrapKey,
    private readonly tokens: TokenVerifier,
  ) {}

  async authenticate(request: CallerRequest): Promise<Caller> {
    const { type, id, owner, scopes, expiresAt } = await this.identify(request);
    const address = clientAddress(request, this.config.http.trustedProxies);
    return {
      owner,
      scopes: new Set(scopes),
      expiresAt,
      actor: { type, id, address, requestId: request.id },
      requestId: request.id,
      traceparent: traceparentOf(request),
    };
  }

  private async identify({ headers }: CallerRequest): Promise<Identity> {
    if (!this.config.auth.enabled) return ANONYMOUS;
    const { kind, value } = credentialOf(headers);
    if (kind === 'key') return { type: 'key', ...(await this.keyOf(value)) };
    const { subject, ...claims } = await this.tokens.verify(value);
    return { type: 'token', id: subject, ...claims };
  }

  private async keyOf(value: string): Promise<KeyCandidate> {
    await this.bootstrap.ensure();
    const digest = digestOfKey(value);
    const candidates = await this.keys.candidates(prefixOfKey(value));
    // All are compared, whichever fits: a value may have been used for a key that is over and for one that is not.
    const same = candidates.filter(({ hash }) => isSameDigest(hash, digest));
    const key = same.find(({ state }) => state === 'usable') ?? same[0];
    if (key === undefined) throw Unauthenticated.invalid('The API key is not known.');
    if (key.state === 'expired') throw Unauthenticated.invalid('The API key has expired.');
    if (key.state === 'revoked') throw Unauthenticated.invalid('The API key is revoked.');
    if (key.isStale) this.touch(key.id);
    return key;
  }

  /** Beside the request, which it must neither hold up nor fail. */
  private touch(id: string): void {
    this.keys.touch(id).catch((error: unknown) => {
      this.log.warn({ err: error, msg: 'the last use of a key could not be noted', key: id });
    });
  }
}
