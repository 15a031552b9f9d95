import { Injectable } from '@nestjs/common';
import { errors, jwtVerify, type JWTPayload } from 'jose';
import { Clock } from '../common/clock.js';
import { scopesAmong, type Scope } from '../common/scope.js';
import { Config, type OidcConfig } from '../config/config.js';
import { Unauthenticated } from '../platform/http/access-errors.js';
import { OWNER_NAME } from './api-key.js';
import { IssuerKeys } from './issuer-keys.js';

/** Asymmetric ones only: what checks a signature here must not be able to make one. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** What a token says of its caller. */
export interface TokenClaims {
  owner: string;
  subject: string | null;
  scopes: Scope[];
  expiresAt: Date;
}

/** Reads the tokens of the configured issuer. */
@Injectable()
export class TokenVerifier {
  private readonly oidc: OidcConfig | undefined;
  private readonly keys: IssuerKeys | undefined;

  constructor(
    { auth }: Config,
    private readonly clock: Clock,
  ) {
    this.oidc = auth.oidc;
    this.keys = auth.oidc && new IssuerKeys(auth.oidc);
  }

  /** Throws `Unauthenticated`, or `ServiceUnavailable` when the issuer's keys cannot be had. */
  async verify(token: string): Promise<TokenClaims> {
    const { oidc, keys } = this;
    if (oidc === undefined || keys === undefined)
      throw Unauthenticated.invalid('Tokens are not accepted here. Send an API key.');
    try {
      const { payload } = await jwtVerify(token, async (header, jws) => await keys.of(header, jws), {
        issuer: oidc.issuer,
        audience: oidc.audience,
        currentDate: this.clock.now(),
        clockTolerance: oidc.clockSkewSeconds,
        algorithms: ALGORITHMS,
        requiredClaims: ['exp'],
      });
      return claimsOf(payload, oidc);
    } catch (error) {
      if (error instanceof errors.JOSEError) throw Unauthenticated.invalid(whyOf(error), { cause: error });
      throw error;
    }
  }
}

function claimsOf(payload: JWTPayload, { ownerClaim, scopeClaim }: OidcConfig): TokenClaims {
  const owner = payload[ownerClaim];
  if (typeof owner !== 'string' || !OWNER_NAME.test(owner)) {
    throw Unauthenticated.invalid(`The claim ${ownerClaim} of the token must name the owner.`);
  }
  const { sub = null, exp = 0 } = payload;
  return { owner, subject: sub, scopes: scopesAmong(textsOf(payload[scopeClaim])), expiresAt: new Date(exp * 1000) };
}

function textsOf(claim: unknown): string[] {
  if (typeof claim === 'string') return claim.split(' ');
  return Array.isArray(claim) ? claim.filter((item) => typeof item === 'string') : [];
}

function whyOf(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'The token has expired.';
  if (error instanceof errors.JWTClaimValidationFailed)
    return `The claim ${error.claim} of the token does not hold here.`;
  return 'The token is not one that the configured issuer has signed.';
}
