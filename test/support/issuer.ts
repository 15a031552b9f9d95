import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

interface SigningKey {
  privateKey: CryptoKey;
  jwk: JWK;
}

/** A double of an OpenID Connect issuer: its discovery document, its keys, and tokens signed with them. */
export class Issuer {
  /** How often its keys were fetched. */
  fetches = 0;
  isAway = false;
  private current!: SigningKey;
  private shown: JWK[] = [];

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => {
      const body = request.url === '/jwks' ? { keys: this.shown } : { issuer: this.url, jwks_uri: `${this.url}/jwks` };
      if (request.url === '/jwks') this.fetches += 1;
      response.writeHead(this.isAway ? 500 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  }

  static async start(): Promise<Issuer> {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const issuer = new Issuer(server);
    await issuer.rotate('first');
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  get publicKey(): JWK {
    return this.current.jwk;
  }

  /** Signs with a new key from now on. */
  async rotate(kid: string): Promise<void> {
    const { privateKey, publicKey } = await generateKeyPair('RS256');
    this.current = { privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' } };
    this.shown = [this.current.jwk];
  }

  /** A good token, but for what is given otherwise; undefined leaves a claim out. */
  async token(claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const payload = {
      ...{ iss: this.url, aud: 'longhaul', sub: 'user-1', tenant: 'ann', scope: 'openid reports:read', exp: now + 600 },
      ...claims,
    };
    const header = { alg: 'RS256', kid: this.current.jwk.kid! };
    return await new SignJWT(payload).setProtectedHeader(header).sign(this.current.privateKey);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
