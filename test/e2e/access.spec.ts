import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, type ClientOptions } from 'ws';
import type { SecretKeyDto } from '../../src/access/dto/api-key.dto.js';
import type { Scope } from '../../src/common/scope.js';
import { BASE, TEST_KEY, type Client } from '../support/client.js';
import { Deployment } from '../support/deployment.js';
import { Issuer } from '../support/issuer.js';

let issuer: Issuer;
let deployment: Deployment;
let admin: Client;

beforeAll(async () => {
  issuer = await Issuer.start();
  deployment = await Deployment.start({
    workers: 0,
    environment: { OIDC_ISSUER: issuer.url, OIDC_AUDIENCE: 'longhaul', LOG_LEVEL: 'trace', TRUSTED_PROXIES: '1' },
  });
  admin = deployment.client;
});
afterAll(async () => {
  await deployment.stop();
  await issuer.stop();
});

async function makeKey(scopes: Scope[], owner = 'ann'): Promise<SecretKeyDto> {
  const json = { name: 'test', owner, scopes };
  const { status, headers, body } = await admin.send<SecretKeyDto>('POST', `${BASE}/keys`, { json });
  expect([status, headers.get('cache-control'), headers.get('location')]).toEqual([
    201,
    'no-store',
    `${BASE}/keys/${body.key_id}`,
  ]);
  return body;
}

/** A request with these headers and no others. */
async function plain(path: string, headers: Readonly<Record<string, string>> = {}) {
  const response = await fetch(deployment.client.url + path, { headers });
  const body = (await response.json()) as Record<string, unknown>;
  return { status: response.status, challenge: response.headers.get('www-authenticate'), body };
}

describe('a request', () => {
  it('is let in with a key or a token, and told who it is', async () => {
    const { key, key_id: id } = await makeKey(['reports:read']);
    const known = { status: 200, body: { owner: 'ann', type: 'key', id, scopes: ['reports:read'], expires_at: null } };
    for (const headers of [{ 'x-api-key': key }, { authorization: `Bearer ${key}` }]) {
      expect(await plain(`${BASE}/whoami`, headers)).toMatchObject(known);
    }
    const headers = { authorization: `Bearer ${await issuer.token()}` };
    const token = {
      owner: 'ann',
      type: 'token',
      id: 'user-1',
      scopes: ['reports:read'],
      expires_at: expect.any(String) as string,
    };
    expect(await plain(`${BASE}/whoami`, headers)).toMatchObject({ status: 200, body: token });
  });

  it('is refused without a credential, with one that is not good, and with one that does not open the route', async () => {
    const realm = 'Bearer realm="longhaul"';
    expect(await plain(`${BASE}/reports`)).toMatchObject({
      status: 401,
      challenge: realm,
      body: { code: 'unauthenticated' },
    });
    const { key, key_id: id } = await makeKey(['reports:read']);
    const invalid = { status: 401, challenge: `${realm}, error="invalid_token"`, body: { code: 'unauthenticated' } };
    for (const headers of [
      { 'x-api-key': `${key}x` },
      { authorization: `Bearer ${key}`, 'x-api-key': TEST_KEY },
      { authorization: 'Basic YTpi' },
      { authorization: `Bearer ${await issuer.token({ aud: 'other' })}` },
    ] as Record<string, string>[]) {
      expect(await plain(`${BASE}/reports`, headers)).toMatchObject(invalid);
    }
    expect(await plain(`${BASE}/keys`, { 'x-api-key': key })).toMatchObject({
      status: 403,
      challenge: `${realm}, error="insufficient_scope", scope="admin"`,
      body: { code: 'insufficient-scope' },
    });
    expect((await plain(`${BASE}/reports`, { 'x-api-key': key })).status).toBe(200);
    expect((await admin.send('DELETE', `${BASE}/keys/${id}`)).status).toBe(204);
    expect((await admin.send('DELETE', `${BASE}/keys/${id}`)).status).toBe(204);
    expect(await plain(`${BASE}/reports`, { 'x-api-key': key })).toMatchObject(invalid);
  });

  it('to upload is refused without reading what is sent', async () => {
    const { hostname, port } = new URL(deployment.api.url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.write(
      `PUT ${BASE}/datasets/big/content HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\nContent-Length: 1000000000\r\n\r\nid\n1\n`,
    );
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    await once(socket, 'end');
    socket.destroy();
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
    expect(answer).toMatch(/\r\nconnection: close\r\n/i);
    expect(answer).toContain('"code":"unauthenticated"');
  });
});

describe('keys', () => {
  it('are made, listed, shown, rotated and revoked by admins', async () => {
    const { key, ...made } = await makeKey(['exports:run'], 'keys-owner');
    expect(key).toMatch(new RegExp(`^${made.prefix}_[\\w-]{43}$`));
    const shown = await admin.get(`${BASE}/keys/${made.key_id}`);
    expect(shown).toMatchObject({ status: 200, body: made });
    expect(JSON.stringify(shown.body)).not.toContain(key);
    const { status, body: next } = await admin.send<SecretKeyDto>('POST', `${BASE}/keys/${made.key_id}/rotate`, {
      json: { overlap_seconds: 60 },
    });
    expect([status, next.replaces]).toEqual([201, made.key_id]);
    for (const each of [key, next.key]) expect((await admin.as(each).get(`${BASE}/whoami`)).status).toBe(200);
    const list = await admin.get<{ keys: SecretKeyDto[] }>(`${BASE}/keys?owner=keys-owner`);
    expect(list.body.keys.map(({ key_id: id }) => id)).toEqual([next.key_id, made.key_id]);
    const missing = '0190c0de-0000-7000-8000-000000000000';
    expect(await admin.get(`${BASE}/keys/${missing}`)).toMatchObject({ status: 404, body: { code: 'key-not-found' } });
  });

  it.each([
    [{ name: 'x', scopes: [] }, '/scopes'],
    [{ name: 'x', scopes: ['everything'] }, '/scopes'],
    [{ name: '', scopes: ['admin'] }, '/name'],
    [{ name: 'x', scopes: ['admin'], owner: '../x' }, '/owner'],
    [{ name: 'x', scopes: ['admin'], expires_at: '2020-01-01T00:00:00Z' }, '/expires_at'],
    [{ name: 'x', scopes: ['admin'], expires_at: 'tomorrow' }, '/expires_at'],
  ])('are not made of %j', async (json, pointer) => {
    const answer = await admin.send('POST', `${BASE}/keys`, { json });
    expect(answer).toMatchObject({ status: 422, body: { errors: [expect.objectContaining({ pointer })] } });
  });

  it('say in the audit who made them, from where, and with which request', async () => {
    const headers = { 'x-request-id': 'audit-1', 'x-forwarded-for': '6.6.6.6, 203.0.113.7' };
    const json = { name: 'audited', scopes: ['admin'] };
    const { body } = await admin.send<SecretKeyDto>('POST', `${BASE}/keys`, { json, headers });
    const whoami = await admin.get<{ id: string }>(`${BASE}/whoami`);
    const { default: pg } = await import('pg');
    const sql = new pg.Client({ connectionString: deployment.databaseUrl });
    await sql.connect();
    const { rows } = await sql.query('SELECT * FROM audit_entries WHERE resource = $1', [body.key_id]);
    await sql.end();
    expect(rows).toMatchObject([
      {
        action: 'key.create',
        owner: 'default',
        actor_type: 'key',
        actor_id: whoami.body.id,
        address: '203.0.113.7',
        request_id: 'audit-1',
      },
    ]);
  });
});

describe('a WebSocket', () => {
  const path = `${BASE}/exports/0190c0de-0000-7000-8000-000000000000/ws`;
  const open = (options: ClientOptions, protocols: string[] = []) =>
    new WebSocket(deployment.api.url.replace('http', 'ws') + path, protocols, options);
  const inProtocol = (key: string) =>
    `base64url.bearer.authorization.longhaul.${Buffer.from(key).toString('base64url')}`;

  it('is let in with a key in a header, or among its subprotocols as pages send it', async () => {
    const { key } = await makeKey(['exports:run']);
    for (const [options, protocols] of [
      [{ headers: { 'x-api-key': key } }],
      [{ headers: { authorization: `Bearer ${key}` } }],
      [{}, ['longhaul.events', inProtocol(key)]],
    ] as [ClientOptions, string[]?][]) {
      const socket = open(options, protocols);
      // Let in, and told that there is no such export.
      const [code] = (await once(socket, 'close')) as [number];
      expect([code, socket.protocol]).toEqual([4404, protocols ? 'longhaul.events' : '']);
    }
  });

  it('is refused before the upgrade otherwise', async () => {
    const { key } = await makeKey(['intake:write']);
    for (const [headers, status] of [
      [{}, 401],
      [{ 'x-api-key': 'nonsense' }, 401],
      [{ 'x-api-key': key }, 403],
    ] as [Record<string, string>, number][]) {
      const [, response] = (await once(open({ headers }), 'unexpected-response')) as [unknown, IncomingMessage];
      response.resume();
      expect([response.statusCode, response.headers['www-authenticate']]).toEqual([
        status,
        expect.stringContaining('Bearer'),
      ]);
    }
  });
});

describe('server-sent events', () => {
  it('are for callers who are let in', async () => {
    const path = `${BASE}/reports/0190c0de-0000-7000-8000-000000000000/events`;
    expect((await plain(path)).status).toBe(401);
    expect((await admin.get(path)).status).toBe(404);
  });
});

describe('the log', () => {
  it('has no credential, good or bad', async () => {
    const { key } = await makeKey(['reports:read']);
    const token = await issuer.token();
    const [bad, cookie] = ['lh_badbadba_bad-key-that-must-not-be-logged', 'session=cookie-that-must-not-be-logged'];
    for (const value of [key, bad]) {
      await plain(`${BASE}/reports`, { 'x-api-key': value, cookie });
      await plain(`${BASE}/reports`, { authorization: `Bearer ${value}` });
    }
    await plain(`${BASE}/reports`, { authorization: `Bearer ${token}` });
    await plain(`${BASE}/reports`, { authorization: `Bearer ${token}x`, 'x-request-id': 'the-last-one' });
    await expect.poll(() => deployment.api.log()).toContain('the-last-one');
    const log = await deployment.api.log();
    for (const secret of [key, key.slice(12), bad, token, token.split('.')[2]!, TEST_KEY, cookie]) {
      expect(log).not.toContain(secret);
    }
  });
});

describe('AUTH=off', () => {
  it('lets in everybody who asks this machine by its name, and nobody who asks by another', async () => {
    const open = await deployment.startApi({ AUTH: 'off' });
    const ask = async (
      host: string,
      path: string,
      headers: Readonly<Record<string, string>> = {},
    ): Promise<number | undefined> => {
      const { hostname, port } = new URL(open.url);
      const request = httpRequest({ hostname, port, path, headers: { host, ...headers } }).end();
      const response = await Promise.race([once(request, 'response'), once(request, 'upgrade')]);
      const message = response[0] as IncomingMessage;
      message.destroy();
      return message.statusCode;
    };
    const upgrade = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    };
    const socket = `${BASE}/exports/0190c0de-0000-7000-8000-000000000000/ws`;
    for (const host of ['localhost:3000', '127.0.0.1']) {
      expect(await ask(host, `${BASE}/keys`)).toBe(200);
      expect(await ask(host, socket, upgrade)).toBe(101);
    }
    for (const path of [`${BASE}/keys`, `${BASE}/docs`, '/health/live'])
      expect(await ask('evil.example', path)).toBe(403);
    expect(await ask('evil.example', socket, upgrade)).toBe(403);
  });
});
