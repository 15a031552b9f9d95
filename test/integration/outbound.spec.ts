import { type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { OutboundFailed, OutboundRefused, OutboundTooLarge } from '../../src/platform/outbound/outbound-errors.js';
import { TestServer } from '../support/http-server.js';
import { failureOf, outboundHttp, requestOf } from '../support/outbound.js';

const http = outboundHttp({ allow: ['127.0.0.0/8'] });
const servers: TestServer[] = [];
const FAST = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } };

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});
afterAll(() => http.onApplicationShutdown());

async function serving(...handler: Parameters<typeof TestServer.http>): Promise<TestServer> {
  const server = await TestServer.http(...handler);
  servers.push(server);
  return server;
}

async function answering(...answer: Parameters<typeof TestServer.raw>): Promise<string> {
  const server = await TestServer.raw(...answer);
  servers.push(server);
  return `${server.url}/orders?token=hunter2`;
}

describe('an answer', () => {
  it('is given as it came, whatever its status', async () => {
    const server = await serving((request, response) => {
      response.writeHead(
        503,
        [
          ['Retry-After', '2'],
          ['X-Many', 'a'],
          ['X-Many', 'b'],
        ].flat(),
      );
      response.end(request.url);
    });
    const answer = await http.get(requestOf(`${server.url}/a%20b?c=d#e`));
    expect(answer).toMatchObject({ status: 503, url: `${server.url}/a%20b?c=d` });
    expect(answer.headers).toMatchObject({ 'retry-after': '2', 'x-many': 'a, b' });
    expect(answer.body.toString()).toBe('/a%20b?c=d');
  });

  it('may have no body', async () => {
    const server = await serving((_, response) => response.writeHead(204, { 'content-encoding': 'gzip' }).end());
    expect(await http.get(requestOf(server.url))).toMatchObject({ status: 204, body: Buffer.alloc(0) });
  });

  it('is asked for with the headers of the caller, and a user of the URL', async () => {
    let seen: IncomingHttpHeaders = {};
    const server = await serving((request, response) => {
      seen = request.headers;
      response.end();
    });
    const url = server.url.replace('//', '//me:p%40ss@');
    const answer = await http.get(requestOf(url, { headers: { 'X-Key': 'k', Accept: 'text/csv' } }));
    expect(seen).toMatchObject({ 'x-key': 'k', accept: 'text/csv', authorization: `Basic ${btoa('me:p@ss')}` });
    expect(answer.url).toBe(`${server.url}/`);
  });

  it.each(['Host', 'content-length', 'Transfer-Encoding', 'Connection', 'a b', 'x\r\ny'])(
    'is not asked for with the header %j',
    async (name) => {
      const error = await failureOf(http.get(requestOf('http://127.0.0.1:9/', { headers: { [name]: '1' } })));
      expect(error).toBeInstanceOf(OutboundRefused);
    },
  );

  it('is not asked for with a value that splits the request, which is not shown', async () => {
    const headers = { 'X-Key': 'hunter2\r\nHost: other' };
    const error = await failureOf(http.get(requestOf('http://127.0.0.1:9/', { headers })));
    expect(error).toBeInstanceOf(OutboundRefused);
    expect(error.message).toBe('The value of the header X-Key cannot be sent.');
  });

  it('comes over connections that are used again', async () => {
    const server = await serving((_, response) => response.end('x'.repeat(100_000)));
    for (let count = 0; count < 50; count += 1) await http.get(requestOf(server.url));
    // One may still be settling while the next request starts.
    expect(server.sockets.length).toBeLessThanOrEqual(2);
  });
});

describe('a packed answer', () => {
  const text = 'a row of many, '.repeat(20_000);
  const pack = {
    gzip: zlib.gzipSync(text),
    'x-gzip': zlib.gzipSync(text),
    deflate: zlib.deflateSync(text),
    br: zlib.brotliCompressSync(text),
    zstd: zlib.zstdCompressSync(text),
    'gzip, br': zlib.brotliCompressSync(zlib.gzipSync(text)),
    identity: Buffer.from(text),
  };
  const packings = Object.entries({ ...pack, 'deflate ': zlib.deflateRawSync(text) });

  const packed = async (encoding: string, content: Buffer): Promise<string> => {
    const server = await serving((_, response) => {
      response.writeHead(200, { 'content-encoding': encoding, 'content-length': content.length }).end(content);
    });
    return server.url;
  };

  it.each(packings)('by %s is unpacked', async (encoding, content) => {
    const answer = await http.get(requestOf(await packed(encoding, content), { maxBytes: text.length }));
    expect(answer.body.toString()).toBe(text);
    expect(answer.headers).not.toHaveProperty('content-encoding');
    expect(answer.headers).not.toHaveProperty('content-length');
  });

  it.each(packings)('by %s is refused when it is larger unpacked', async (encoding, content) => {
    const work = http.get(requestOf(await packed(encoding, content), { maxBytes: text.length - 1 }));
    const error = await failureOf(work);
    expect(error).toBeInstanceOf(OutboundTooLarge);
    expect(error.message).toContain(`larger than ${text.length - 1} bytes`);
  });

  it.each(Object.entries(pack).filter(([encoding]) => encoding !== 'identity'))(
    'by %s that is cut off is a failure',
    async (encoding, content) => {
      const work = http.get(requestOf(await packed(encoding, content.subarray(0, -9))));
      expect(await failureOf(work)).toBeInstanceOf(OutboundFailed);
    },
  );

  it('in an unknown way, or too often, is a failure', async () => {
    for (const encoding of ['compress', 'gzip, gzip, gzip']) {
      expect(await failureOf(http.get(requestOf(await packed(encoding, pack.gzip))))).toBeInstanceOf(OutboundFailed);
    }
  });

  const zeros = (): Promise<Buffer> => promisify(zlib.gzip)(Buffer.alloc(400_000_000), { level: 1 });
  const bombs: [string, () => Promise<Buffer>][] = [
    ['gzip', zeros],
    [
      'deflate',
      () => promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.deflate)(Buffer.alloc(400_000_000), { level: 1 }),
    ],
    ['br', () => promisify<Buffer, zlib.BrotliOptions, Buffer>(zlib.brotliCompress)(Buffer.alloc(400_000_000), FAST)],
    ['zstd', () => promisify(zlib.zstdCompress)(Buffer.alloc(400_000_000))],
    ['gzip, gzip', async () => await promisify(zlib.gzip)(await zeros())],
  ];

  it.each(bombs)('by %s cannot fill the memory', async (encoding, make) => {
    const bomb = await make();
    expect(bomb.length).toBeLessThan(5_000_000);
    const url = await packed(encoding, bomb);
    const before = process.memoryUsage().rss;
    let peak = before;
    const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 5);
    const error = await failureOf(http.get(requestOf(url, { maxBytes: 10_000_000 })));
    clearInterval(watch);
    expect(error).toBeInstanceOf(OutboundTooLarge);
    expect(peak - before).toBeLessThan(100_000_000);
  });
});

describe('an answer that is too large', () => {
  it('is refused by its length, before it is read', async () => {
    const url = await answering('HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\nabc', 'hold');
    expect(await failureOf(http.get(requestOf(url, { maxBytes: 1999 })))).toBeInstanceOf(OutboundTooLarge);
    await expect.poll(() => servers[0]?.open).toBe(0);
  });

  it('is given up as soon as it is, and its connection with it', async () => {
    const server = await serving((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(50_000)));
      };
      response.on('drain', more);
      more();
    });
    expect(await failureOf(http.get(requestOf(server.url, { maxBytes: 1_000_000 })))).toBeInstanceOf(OutboundTooLarge);
    await expect.poll(() => server.open).toBe(0);
  });

  it('may be so by its headers', async () => {
    const url = await answering(`HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(70_000)}\r\nContent-Length: 1\r\n\r\nx`, 'hold');
    expect(await failureOf(http.get(requestOf(url)))).toBeInstanceOf(OutboundTooLarge);
    const fine = await answering(`HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(60_000)}\r\nContent-Length: 1\r\n\r\nx`, 'hold');
    expect((await http.get(requestOf(fine))).status).toBe(200);
  });
});

describe('an answer that is cut off', () => {
  const ok = 'HTTP/1.1 200 OK\r\n';
  it.each([
    ['before its headers', ''],
    ['within its headers', `${ok}Content-Le`],
    ['within its length', `${ok}Content-Length: 10\r\n\r\n12345`],
    ['within its length, on a connection that closes', `${ok}Connection: close\r\nContent-Length: 10\r\n\r\n12345`],
    ['within a chunk', `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\n123`],
    ['between chunks', `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n`],
    ['between chunks, when it closes', `${ok}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n`],
    ['before the last line', `${ok}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\n`],
  ])('%s is a failure', async (_, bytes) => {
    for (const then of ['close', 'reset'] as const) {
      const error = await failureOf(http.get(requestOf(await answering(bytes, then))));
      expect(error).toBeInstanceOf(OutboundFailed);
      expect(error.message).toMatch(
        /^127\.0\.0\.1:\d+ (ended its answer|closed the connection) before (it|the answer) was whole\.$/,
      );
    }
  });

  it('is none when only the connection ends it', async () => {
    const url = await answering(`${ok}\r\n12345`);
    expect((await http.get(requestOf(url))).body.toString()).toBe('12345');
  });

  it('is told from one that is no HTTP', async () => {
    const error = await failureOf(http.get(requestOf(await answering('220 mail.test ESMTP\r\n'))));
    expect(error.message).toMatch(/answers with something that is not HTTP\.$/);
  });
});

describe('time', () => {
  const waiting = { timeoutMs: 300 };
  const silence: [string, string][] = [
    ['before the headers', ''],
    ['within the headers', 'HTTP/1.1 200 OK\r\nX-'],
    ['within the body', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345'],
    ['within a redirect', 'HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 10\r\n\r\n12345'],
  ];

  it.each(silence)('runs out %s', async (_, bytes) => {
    const error = await failureOf(http.get(requestOf(await answering(bytes, 'hold'), waiting)));
    expect(error).toBeInstanceOf(OutboundFailed);
    expect(error.message).toBe(`${servers[0]!.url}/orders?token=… gave no whole answer within 300 ms.`);
    await expect.poll(() => servers[0]?.open).toBe(0);
  });

  it('runs out while a name is looked up', async () => {
    const slow = outboundHttp({ resolve: () => new Promise(() => undefined) });
    const error = await failureOf(slow.get(requestOf('http://shop.test/', waiting)));
    expect(error.message).toBe('http://shop.test/ gave no whole answer within 300 ms.');
    slow.onApplicationShutdown();
  });

  it('runs out while bytes go on dripping', async () => {
    const server = await serving((_, response) => {
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    });
    expect(await failureOf(http.get(requestOf(server.url, waiting)))).toBeInstanceOf(OutboundFailed);
  });

  it('is not needed to see that nobody listens', async () => {
    const server = await serving(() => undefined);
    await server.stop();
    const error = await failureOf(http.get(requestOf(server.url)));
    expect(error).toBeInstanceOf(OutboundFailed);
    expect(error.message).toBe(`127.0.0.1:${server.port} refuses the connection.`);
  });
});

describe('an abort', () => {
  const reason = new Error('cancelled by its owner');

  it.each([
    ['before the headers', (_: ServerResponse) => undefined],
    ['within the body', (response: ServerResponse) => response.writeHead(200, { 'content-length': 10 }).write('12345')],
  ])('%s closes the connection at once and rejects with its reason', async (_, answer) => {
    let asked: () => void = () => undefined;
    const arrived = new Promise<void>((resolve) => (asked = resolve));
    const server = await serving((__, response) => {
      answer(response);
      asked();
    });
    const stop = new AbortController();
    const work = http.get(requestOf(server.url, { signal: stop.signal })).catch((error: unknown) => error);
    await arrived;
    const at = performance.now();
    stop.abort(reason);
    expect(await work).toBe(reason);
    await expect.poll(() => server.open, { interval: 10 }).toBe(0);
    expect(performance.now() - at).toBeLessThan(1000);
  });

  it('before the request sends nothing', async () => {
    const server = await serving((_, response) => response.end());
    const signal = AbortSignal.abort(reason);
    await expect(http.get(requestOf(server.url, { signal }))).rejects.toBe(reason);
    expect(server.sockets).toEqual([]);
  });
});
