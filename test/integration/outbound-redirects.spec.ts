import { type IncomingMessage } from 'node:http';
import { type TLSSocket, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OutboundFailed, OutboundRefused } from '../../src/platform/outbound/outbound-errors.js';
import { certificateFor, TestServer } from '../support/http-server.js';
import { failureOf, outboundHttp, requestOf } from '../support/outbound.js';

const TRUSTED = ['shop.test', 'other.test'];
const http = outboundHttp({ allow: ['127.0.0.1'], resolve: async () => ['127.0.0.1'] });
const secrets = { Authorization: 'Bearer hunter2', Cookie: 'a=b', 'X-Api-Key': 'hunter2', Accept: 'text/csv' };
/** Requests in their order, by host header. */
const seen: IncomingMessage[] = [];
let plain: TestServer;
let secure: TestServer;
let untrusted: TestServer;

/** Redirects to `to` as often as `times` says, and then says what was asked for. */
const answer: Parameters<typeof TestServer.http>[0] = (request, response) => {
  seen.push(request);
  const { searchParams } = new URL(request.url!, 'http://any');
  const to = searchParams.get('to');
  const times = Number(searchParams.get('times') ?? 1);
  if (to === null || times === 0) response.end(request.url);
  else {
    const location = to === 'self' ? `/?to=self&times=${times - 1}` : to;
    response.writeHead(Number(searchParams.get('status') ?? 302), { location }).end('look elsewhere');
  }
};

beforeAll(async () => {
  const certificate = certificateFor(...TRUSTED);
  setDefaultCACertificates([...getCACertificates('default'), certificate.cert]);
  plain = await TestServer.http(answer);
  secure = await TestServer.https(certificate, answer);
  untrusted = await TestServer.https(certificateFor('shop.test'), answer);
});
beforeEach(() => seen.splice(0));
afterAll(async () => {
  http.onApplicationShutdown();
  await Promise.all([plain.stop(), secure.stop(), untrusted.stop()]);
});

const at = (server: TestServer, path: string, host = 'shop.test'): string =>
  `${server === plain ? 'http' : 'https'}://${host}:${server.port}${path}`;
const leading = (to: string): string => `/?to=${encodeURIComponent(to)}`;

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])('by %i is followed', async (status) => {
    const { url, body } = await http.get(requestOf(at(plain, `${leading('../found?x=1#y')}&status=${status}`)));
    expect([url, body.toString()]).toEqual([at(plain, '/found?x=1'), '/found?x=1']);
  });

  it.each([300, 304])('by %i is an answer', async (status) => {
    expect((await http.get(requestOf(at(plain, `${leading('/found')}&status=${status}`)))).status).toBe(status);
  });

  it('is followed five times and no more', async () => {
    expect((await http.get(requestOf(at(plain, '/?to=self&times=5')))).status).toBe(200);
    expect(seen.splice(0)).toHaveLength(6);
    const error = await failureOf(http.get(requestOf(at(plain, '/?to=self&times=6&key=hunter2'))));
    expect(error).toBeInstanceOf(OutboundRefused);
    expect(error.message).toBe(`${at(plain, '/?to=…&times=…&key=…')} redirects more than 5 times.`);
    expect(seen).toHaveLength(6);
  });

  it('within the origin takes all headers with it', async () => {
    await http.get(requestOf(at(plain, leading('/found')), { headers: secrets }));
    expect(seen[1]?.headers).toMatchObject({ authorization: 'Bearer hunter2', cookie: 'a=b', 'x-api-key': 'hunter2' });
  });

  it.each(['another host', 'another port', 'another scheme', 'another and back'])(
    'to %s takes no secret',
    async (kind) => {
      const to = {
        'another host': at(plain, '/found', 'other.test'),
        'another port': at(secure, '/found').replace('shop', 'other'),
        'another scheme': at(secure, '/found'),
        'another and back': at(plain, leading(at(plain, '/found')), 'other.test'),
      }[kind]!;
      const url = at(plain, leading(to)).replace('//', '//me:hunter2@');
      expect((await http.get(requestOf(url, { headers: secrets }))).body.toString()).toBe('/found');
      expect(seen[0]?.headers).toMatchObject({ 'x-api-key': 'hunter2' });
      for (const { headers } of seen.slice(1)) {
        expect(headers).toMatchObject({ accept: 'text/csv', 'user-agent': 'longhaul/1.2.3' });
        expect(JSON.stringify(headers)).not.toMatch(/hunter2|cookie/);
      }
    },
  );

  it('takes no user of its own', async () => {
    await http.get(requestOf(at(plain, leading(at(plain, '/found').replace('//', '//me:pw@')))));
    expect(seen[1]?.headers).not.toHaveProperty('authorization');
  });

  it('from https to http is refused', async () => {
    const error = await failureOf(http.get(requestOf(at(secure, leading(at(plain, '/found'))))));
    expect(error).toBeInstanceOf(OutboundRefused);
    expect(error.message).toMatch(/^shop\.test redirects from https to http/);
    expect(seen).toHaveLength(1);
  });

  it('that is refused closes a connection whose body is not read', async () => {
    const head = 'HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 10\r\n\r\n12345';
    const server = await TestServer.raw(head, 'hold');
    expect(await failureOf(http.get(requestOf(at(server, '/').replace('https', 'http'))))).toBeInstanceOf(
      OutboundRefused,
    );
    await expect.poll(() => server.open).toBe(0);
    await server.stop();
  });
});

describe('TLS', () => {
  it('is spoken to the name, on the address that was checked', async () => {
    await http.get(requestOf(at(secure, '/')));
    const socket = seen[0]!.socket as TLSSocket & { servername?: string };
    expect([socket.servername, seen[0]!.headers.host]).toEqual(['shop.test', `shop.test:${secure.port}`]);
  });

  it.each([
    [
      'a certificate that nobody vouches for',
      () => at(untrusted, '/'),
      /^shop\.test:\d+ has a certificate that is not trusted\.$/,
    ],
    [
      'a certificate for another name',
      () => at(secure, '/', 'third.test'),
      /^third\.test:\d+ has a certificate for another name\.$/,
    ],
    [
      'a server that speaks none',
      () => at(plain, '/').replace('http', 'https'),
      /^shop\.test:\d+ cannot be spoken to over TLS\.$/,
    ],
  ])('with %s is a failure', async (_, url, words) => {
    const error = await failureOf(http.get(requestOf(url())));
    expect(error).toBeInstanceOf(OutboundFailed);
    expect(error.message).toMatch(words);
    expect(seen).toEqual([]);
  });
});
