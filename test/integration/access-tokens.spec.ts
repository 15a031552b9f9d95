import { SignJWT, UnsecuredJWT } from 'jose';
import { createPublicKey } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TokenVerifier } from '../../src/access/token-verifier.js';
import { SystemClock } from '../../src/common/clock.js';
import { testConfig } from '../support/config.js';
import { Issuer } from '../support/issuer.js';

const SKEW = 30;

let issuer: Issuer;
let tokens: TokenVerifier;

const verifier = (environment: Readonly<Record<string, string>> = {}): TokenVerifier =>
  new TokenVerifier(
    testConfig({ OIDC_ISSUER: issuer.url, OIDC_AUDIENCE: 'longhaul', ...environment }),
    new SystemClock(),
  );

beforeEach(async () => {
  issuer = await Issuer.start();
  tokens = verifier();
});
afterEach(() => issuer.stop());

const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;
const UNAUTHENTICATED = { code: 'unauthenticated', challenge: 'Bearer realm="longhaul", error="invalid_token"' };

describe('a token of the issuer', () => {
  it('tells owner, subject and scopes', async () => {
    const exp = inSeconds(600);
    const expected = { owner: 'ann', subject: 'user-1', scopes: ['reports:read'], expiresAt: new Date(exp * 1000) };
    expect(await tokens.verify(await issuer.token({ exp }))).toEqual(expected);
    const listed = await issuer.token({ exp, scope: ['reports:read', 'own:thing', 7] });
    expect(await tokens.verify(listed)).toEqual(expected);
    expect(await tokens.verify(await issuer.token({ scope: undefined }))).toMatchObject({ scopes: [] });
    const named = verifier({ OIDC_OWNER_CLAIM: 'org', OIDC_SCOPE_CLAIM: 'permissions' });
    const token = await issuer.token({ org: 'bob', permissions: ['exports:run', 'admin'] });
    expect(await named.verify(token)).toMatchObject({ owner: 'bob', scopes: ['exports:run', 'admin'] });
  });

  it('is good with any audience among others, and with keys at a URL of their own', async () => {
    const direct = verifier({ OIDC_JWKS_URL: `${issuer.url}/jwks` });
    expect(await direct.verify(await issuer.token({ aud: ['other', 'longhaul'] }))).toMatchObject({ owner: 'ann' });
  });

  it.each([
    ['has expired', { exp: inSeconds(-SKEW - 5) }, 'The token has expired.'],
    ['never expires', { exp: undefined }, 'The claim exp of the token does not hold here.'],
    ['is for another audience', { aud: 'another' }, 'The claim aud of the token does not hold here.'],
    ['is for no audience', { aud: undefined }, 'The claim aud of the token does not hold here.'],
    ['is of another issuer', { iss: 'https://other.example' }, 'The claim iss of the token does not hold here.'],
    ['is not good yet', { nbf: inSeconds(SKEW + 30) }, 'The claim nbf of the token does not hold here.'],
    ['names no owner', { tenant: undefined }, 'The claim tenant of the token must name the owner.'],
    ['names an empty owner', { tenant: '' }, 'The claim tenant of the token must name the owner.'],
    ['names an odd owner', { tenant: ['ann'] }, 'The claim tenant of the token must name the owner.'],
    ['names an owner that is a path', { tenant: '../ann' }, 'The claim tenant of the token must name the owner.'],
  ])('that %s is refused', async (_, claims, message) => {
    await expect(tokens.verify(await issuer.token(claims))).rejects.toMatchObject({ ...UNAUTHENTICATED, message });
  });

  it('may be off by the clock skew', async () => {
    const claims = { exp: inSeconds(-SKEW + 10), nbf: inSeconds(SKEW - 10) };
    expect(await tokens.verify(await issuer.token(claims))).toMatchObject({ owner: 'ann' });
    await expect(verifier({ OIDC_CLOCK_SKEW_SECONDS: '0' }).verify(await issuer.token(claims))).rejects.toMatchObject(
      UNAUTHENTICATED,
    );
  });

  it('that is not signed by it is refused', async () => {
    const [head = '', body = '', signature = ''] = (await issuer.token()).split('.');
    const other = Buffer.from(JSON.stringify({ ...claimsOf(body), tenant: 'bob' })).toString('base64url');
    const unsigned = new UnsecuredJWT(claimsOf(body)).encode();
    const forged = [`${head}.${other}.${signature}`, unsigned, `${head}.${body}.`, 'eyJ.eyJ.x'];
    for (const token of [...forged, await signedWithPublicKey(claimsOf(body))]) {
      await expect(tokens.verify(token)).rejects.toMatchObject(UNAUTHENTICATED);
    }
    const impostor = await Issuer.start();
    await expect(tokens.verify(await impostor.token({ iss: issuer.url }))).rejects.toMatchObject(UNAUTHENTICATED);
    await impostor.stop();
  });

  it('is good after the issuer has changed its key, whose fetching is bounded', async () => {
    await tokens.verify(await issuer.token());
    await tokens.verify(await issuer.token());
    expect(issuer.fetches).toBe(1);
    await issuer.rotate('second');
    const token = await issuer.token();
    // Within the pause between two fetches, unknown keys are refused without asking.
    await expect(tokens.verify(token)).rejects.toMatchObject(UNAUTHENTICATED);
    expect(issuer.fetches).toBe(1);
    const owner = async () => (await tokens.verify(token).catch(() => null))?.owner;
    await expect.poll(owner, { timeout: 20_000, interval: 200 }).toBe('ann');
    expect(issuer.fetches).toBe(2);
  });

  it('cannot be checked while the issuer is away, and can be when it is back', async () => {
    const token = await issuer.token();
    issuer.isAway = true;
    const unavailable = { code: 'service-unavailable', retryAfter: 5 };
    for (let count = 0; count < 3; count += 1) await expect(tokens.verify(token)).rejects.toMatchObject(unavailable);
    expect(issuer.fetches).toBe(0);
    issuer.isAway = false;
    await expect
      .poll(async () => (await tokens.verify(token).catch(() => null))?.owner, { timeout: 20_000 })
      .toBe('ann');
  });

  it('is not accepted without an issuer', async () => {
    await expect(new TokenVerifier(testConfig(), new SystemClock()).verify(await issuer.token())).rejects.toMatchObject(
      UNAUTHENTICATED,
    );
  });
});

const claimsOf = (body: string) => JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>;

/** The oldest trick: the public key, which everybody has, as the secret of an HMAC. */
async function signedWithPublicKey(claims: Record<string, unknown>): Promise<string> {
  const jwk = issuer.publicKey;
  const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  return await new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', kid: jwk.kid! })
    .sign(new TextEncoder().encode(pem.toString()));
}
