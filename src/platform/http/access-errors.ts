import { AppError, ErrorCode, type AppErrorOptions } from '../../common/errors.js';
import type { Scope } from '../../common/scope.js';

const REALM = 'Bearer realm="longhaul"';

/** The request has no credential, or one that is not good. */
export class Unauthenticated extends AppError {
  readonly code = ErrorCode.Unauthenticated;
  /** `WWW-Authenticate`, as RFC 6750 has it. */
  readonly challenge: string;

  private constructor(message: string, challenge: string, options: AppErrorOptions = {}) {
    super(message, options);
    this.challenge = challenge;
  }

  static missing(): Unauthenticated {
    const how = 'Send an API key as "Authorization: Bearer <key>" or "X-API-Key: <key>".';
    return new Unauthenticated(`The request has no credential. ${how}`, REALM);
  }

  /** `why` is a sentence for the client. */
  static invalid(why: string, options: AppErrorOptions = {}): Unauthenticated {
    return new Unauthenticated(why, `${REALM}, error="invalid_token"`, options);
  }
}

/** The credential is good, but not for this. */
export class InsufficientScope extends AppError {
  readonly code = ErrorCode.InsufficientScope;
  /** `WWW-Authenticate`, as RFC 6750 has it. */
  readonly challenge: string;

  /** `anyOf`: the scopes of which one is needed; none for what nobody may do. */
  constructor(anyOf: readonly Scope[]) {
    super(
      anyOf.length === 0
        ? 'This is open to nobody.'
        : `The credential has none of the scopes that open this: ${anyOf.join(', ')}. Use one that has.`,
    );
    const scope = anyOf.length === 0 ? '' : `, scope="${anyOf.join(' ')}"`;
    this.challenge = `${REALM}, error="insufficient_scope"${scope}`;
  }
}

/** The `WWW-Authenticate` header that goes with an error; undefined if none does. */
export const challengeOf = (error: unknown): string | undefined =>
  error instanceof Unauthenticated || error instanceof InsufficientScope ? error.challenge : undefined;
