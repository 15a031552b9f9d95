import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type HostResolver } from '../../src/platform/outbound/host-resolver.js';
import { OutboundFailed, OutboundRefused } from '../../src/platform/outbound/outbound-errors.js';
import { type UndiciHttp } from '../../src/platform/outbound/undici-http.js';
import { TestServer } from '../support/http-server.js';
import { failureOf, outboundHttp, requestOf } from '../support/outbound.js';

const PUBLIC = '8.8.8.8';
let inside: TestServer;
const clients: UndiciHttp[] = [];

function client(...options: Parameters<typeof outboundHttp>): UndiciHttp {
  const made = outboundHttp(...options);
  clients.push(made);
  return made;
}

/** Answers one list after the other, then the last again and again. */
function answering(...answers: string[][]): HostResolver & { asked: string[] } {
  const asked: string[] = [];
  const resolve = async (host: string): Promise<string[]> => {
    asked.push(host);
    return answers[Math.min(asked.length, answers.length) - 1]!;
  };
  return Object.assign(resolve, { asked });
}

beforeAll(async () => {
  inside = await TestServer.http((request, response) => {
    const to = new URL(request.url ?? '', inside.url).searchParams.get('to');
    if (to === null) response.end('the inside');
    else response.writeHead(302, { location: to }).end('elsewhere');
  });
});
beforeEach(() => inside.sockets.splice(0));
afterAll(async () => {
  for (const made of clients) made.onApplicationShutdown();
  await inside.stop();
});

describe('an address that is not for us', () => {
  it.each([
    '127.0.0.1',
    '127.1',
    '127.0.0.1.',
    '2130706433',
    '0x7f000001',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '017700000001',
    '%31%32%37.0.0.1',
    '１２７.0.0.1',
    '127。0。0。1',
    '0.0.0.0',
    '0',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
    '[64:ff9b::127.0.0.1]',
    '[2002:7f00:1::]',
    '[0:0:0:0:0:0:0:1]',
    'localhost',
    'localhost.',
    'LOCALHOST',
    'a.localhost',
    'me:secret@localhost',
    'example.com@127.0.0.1',
  ])('%s is refused before anything is sent', async (host) => {
    const error = await failureOf(client().get(requestOf(`http://${host}:${inside.port}/`)));
    expect(error).toBeInstanceOf(OutboundRefused);
    expect(error.retryable).toBe(false);
    expect(error.message).toMatch(/private or special address.*OUTBOUND_ALLOW/);
    expect(inside.sockets).toEqual([]);
  });

  it.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://[fd00:ec2::254]/',
    'http://168.63.129.16/',
    'http://10.0.0.1',
  ])('%s is refused without a connection', async (url) => {
    expect(await failureOf(client().get(requestOf(url, { timeoutMs: 5000 })))).toBeInstanceOf(OutboundRefused);
  });

  it.each([
    'file:///etc/passwd',
    'ftp://example.com/',
    'data:text/plain,x',
    'gopher://example.com/',
    'http://',
    'nonsense',
  ])('%s is refused', async (url) => {
    expect(await failureOf(client().get(requestOf(url)))).toBeInstanceOf(OutboundRefused);
  });
});

describe('a name', () => {
  it('is refused for one private address among several', async () => {
    const resolve = answering([PUBLIC, '127.0.0.1', '2606:4700::1111']);
    const work = client({ resolve }).get(requestOf(`http://shop.test:${inside.port}/`));
    expect(await failureOf(work)).toBeInstanceOf(OutboundRefused);
    expect(inside.sockets).toEqual([]);
  });

  it('is looked up once for a connection, which goes to the address that was checked', async () => {
    const resolve = answering(['127.0.0.1'], ['10.0.0.1']);
    const http = client({ resolve, allow: ['127.0.0.1'] });
    expect((await http.get(requestOf(`http://shop.test:${inside.port}/`))).body.toString()).toBe('the inside');
    expect(resolve.asked).toEqual(['shop.test']);
  });

  it('is refused when it has become private by the next look-up', async () => {
    const resolve = answering(['127.0.0.1'], ['127.0.0.2']);
    const http = client({ resolve, allow: ['127.0.0.1'] });
    const url = `http://shop.test:${inside.port}/`;
    await http.get(requestOf(url));
    for (const socket of inside.sockets) socket.destroy();
    await expect.poll(async () => (await failureOf(http.get(requestOf(url)))).name).toBe(OutboundRefused.name);
    expect(inside.sockets).toHaveLength(1);
  });

  it('that nobody knows is a failure that may pass', async () => {
    const resolve: HostResolver = async () => {
      throw Object.assign(new Error('getaddrinfo ENOTFOUND shop.test'), { code: 'ENOTFOUND' });
    };
    const error = await failureOf(client({ resolve }).get(requestOf('http://shop.test/?key=hunter2')));
    expect(error).toBeInstanceOf(OutboundFailed);
    expect(error).toMatchObject({ retryable: true, message: 'shop.test has a name that cannot be resolved.' });
  });

  it('without an address is the same', async () => {
    const error = await failureOf(client({ resolve: answering([]) }).get(requestOf('http://shop.test/')));
    expect(error.message).toBe('shop.test has a name that cannot be resolved.');
  });
});

describe('OUTBOUND_ALLOW', () => {
  it.each(['127.0.0.1', '127.0.0.0/8', 'shop.test', 'SHOP.test'])('%s opens a private host', async (allow) => {
    const http = client({ allow: [allow], resolve: answering(['127.0.0.1']) });
    const { status, body } = await http.get(requestOf(`http://shop.test:${inside.port}/`));
    expect([status, body.toString()]).toEqual([200, 'the inside']);
  });

  it('opens one port when it names one', async () => {
    const url = `${inside.url}/`;
    expect((await client({ allow: [`127.0.0.1:${inside.port}`] }).get(requestOf(url))).status).toBe(200);
    expect(await failureOf(client({ allow: ['127.0.0.1:1'] }).get(requestOf(url)))).toBeInstanceOf(OutboundRefused);
  });
});

describe('a redirect', () => {
  it.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://localhost/',
    '//127.0.0.2/',
    'http://2130706434/',
    'http://[::1]/',
    'http://internal.test/',
    'file:///etc/passwd',
    'http://[',
  ])('to %s is refused', async (to) => {
    const hosts: Readonly<Record<string, string>> = { 'internal.test': '10.0.0.1', localhost: '::1' };
    const http = client({ allow: ['127.0.0.1'], resolve: async (host) => [hosts[host] ?? '127.0.0.1'] });
    const work = http.get(
      requestOf(`http://shop.test:${inside.port}/?to=${encodeURIComponent(to)}`, { timeoutMs: 5000 }),
    );
    expect(await failureOf(work)).toBeInstanceOf(OutboundRefused);
  });
});
