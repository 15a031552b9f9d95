import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { OutboundFailed, OutboundRefused } from '../../src/platform/outbound/outbound-errors.js';
import type { OutboundMessage } from '../../src/platform/outbound/outbound-http.js';
import { TestServer } from '../support/http-server.js';
import { failureOf, outboundHttp, requestOf } from '../support/outbound.js';

const http = outboundHttp({ allow: ['127.0.0.0/8'] });
const servers: TestServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});
afterAll(() => http.onApplicationShutdown());

async function serving(...handler: Parameters<typeof TestServer.http>): Promise<TestServer> {
  const server = await TestServer.http(...handler);
  servers.push(server);
  return server;
}

const messageOf = (url: string, overrides: Partial<OutboundMessage> = {}): OutboundMessage => ({
  ...requestOf(url),
  headers: { 'content-type': 'application/json' },
  body: Buffer.from('{"a":"ü"}'),
  maxBytes: 1000,
  ...overrides,
});

describe('a message', () => {
  it('is posted as it is, and its answer given by status and headers', async () => {
    const seen: { method?: string; headers?: IncomingHttpHeaders; body: Buffer[] } = { body: [] };
    const server = await serving((request, response) => {
      Object.assign(seen, { method: request.method, headers: request.headers });
      request.on('data', (chunk: Buffer) => seen.body.push(chunk));
      request.on('end', () => response.writeHead(202, { 'retry-after': '3' }).end('taken'));
    });
    expect(await http.post(messageOf(server.url))).toMatchObject({ status: 202, headers: { 'retry-after': '3' } });
    expect(seen).toMatchObject({
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': '10', 'user-agent': 'longhaul/1.2.3' },
    });
    expect(Buffer.concat(seen.body).toString()).toBe('{"a":"ü"}');
  });

  it.each([301, 302, 303, 307, 308])('does not follow a %i', async (status) => {
    let asked = 0;
    const server = await serving((_, response) => {
      asked += 1;
      response.writeHead(status, { location: '/elsewhere' }).end();
    });
    expect(await http.post(messageOf(server.url))).toMatchObject({ status, headers: { location: '/elsewhere' } });
    expect(asked).toBe(1);
  });

  it('is answered by the status, however the body goes on', async () => {
    const bodies = ['Content-Length: 5000\r\n\r\nabc', 'Transfer-Encoding: chunked\r\n\r\n5\r\n12'];
    for (const body of bodies) {
      const server = await TestServer.raw(`HTTP/1.1 201 Created\r\n${body}`, 'close');
      servers.push(server);
      expect((await http.post(messageOf(server.url))).status).toBe(201);
      await expect.poll(() => server.open).toBe(0);
    }
  });

  it('goes over connections that are used again', async () => {
    const server = await serving((_, response) => response.end('x'.repeat(500)));
    for (let count = 0; count < 30; count += 1) await http.post(messageOf(server.url));
    expect(server.sockets.length).toBeLessThanOrEqual(2);
  });

  it('goes to no private address', async () => {
    const strict = outboundHttp();
    const server = await serving((_, response) => response.end());
    expect(await failureOf(strict.post(messageOf(server.url)))).toBeInstanceOf(OutboundRefused);
    expect(server.sockets).toEqual([]);
    strict.onApplicationShutdown();
  });

  it('is given up when its time runs out, or its signal aborts', async () => {
    const asked: Socket[] = [];
    const server = await serving(({ socket }) => asked.push(socket));
    const late = await failureOf(http.post(messageOf(server.url, { timeoutMs: 200 })));
    expect(late).toBeInstanceOf(OutboundFailed);
    expect(late.message).toContain('gave no whole answer within 200 ms.');
    const stop = new AbortController();
    const work = http.post(messageOf(server.url, { signal: stop.signal }));
    await expect.poll(() => asked.length).toBe(2);
    const reason = new Error('the process ends');
    stop.abort(reason);
    await expect(work).rejects.toBe(reason);
    await expect.poll(() => asked.map(({ destroyed }) => destroyed)).toEqual([true, true]);
  });
});
