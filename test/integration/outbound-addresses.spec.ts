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
    const status = Number(new URL(request.url ?? '', inside.url).searchParams.get('status') ?? 302);
    if (to === null) response.end('the inside');
    else response.writeHead(status, { location: to }).end('elsewhere');
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
    '0x7F.1',
    '127.0x0.0.01',
    '0300.0250.0.1',
    '00000177.1',
    '4294967295',
    '１２７．１',
    '①②⑦.⓪.⓪.①',
    '127%2E0%2E0%2E1',
    '[::ffff:0:127.0.0.1]',
    '[2001:0:7f00:1::]',
    '[2002:a9fe:a9fe::1]',
    '[64:ff9b::a9fe:a9fe]',
    '[64:ff9b:1::7f00:1]',
    '[fec0::1]',
    '[ff02::1]',
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
    'http://100.100.100.200/latest/meta-data/',
    'http://169.254.170.2/v2/credentials',
    'http://192.0.0.192/opc/v1/instance/',
    'http://0xa9fea9fe/',
    'http://2852039166/',
    'http://0251.0376.0251.0376/',
    'http://169.254.43518/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://[fe80::a9fe:a9fe]/',
    'http://169。254。169。254/',
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

  it.each([301, 302, 303, 307, 308])(
    'by %i is refused as any, to another port of an allowed host too',
    async (status) => {
      const http = client({ allow: [`127.0.0.1:${inside.port}`] });
      for (const to of ['http://169.254.169.254/', `http://127.0.0.1:1/`, 'http://[::1]/', 'file:///etc/passwd']) {
        const url = `${inside.url}/?status=${status}&to=${encodeURIComponent(to)}`;
        expect(await failureOf(http.get(requestOf(url, { timeoutMs: 5000 })))).toBeInstanceOf(OutboundRefused);
      }
    },
  );

  it('to a name that has become private meanwhile is refused', async () => {
    const resolve = answering(['127.0.0.1'], ['127.0.0.2']);
    const http = client({ resolve, allow: ['127.0.0.1'] });
    const to = encodeURIComponent(`http://other.test:${inside.port}/`);
    const work = http.get(requestOf(`http://shop.test:${inside.port}/?to=${to}`));
    expect(await failureOf(work)).toBeInstanceOf(OutboundRefused);
    expect(resolve.asked).toEqual(['shop.test', 'other.test']);
  });
});
