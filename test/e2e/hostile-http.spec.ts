import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { OpenAPIObject } from '@nestjs/swagger';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { leaksIn } from '../support/leaks.js';
import { BASE, TEST_KEY, type Client } from '../support/client.js';
import { Deployment } from '../support/deployment.js';

/** Longest time that an answer, or the end of the connection, is waited for. */
const PATIENCE_MS = 30_000;
const MIB = 1024 ** 2;

let deployment: Deployment;
let client: Client;
let port: number;

beforeAll(async () => {
  deployment = await Deployment.start({ environment: { UPLOAD_STALL_SECONDS: '1', WEBHOOK_SEAL_KEY: 'k'.repeat(32) } });
  ({ client } = deployment);
  port = Number(new URL(deployment.api.url).port);
});
afterAll(() => deployment.stop());
afterEach(async () => {
  expect(await client.get('/health/ready')).toMatchObject({ status: 200 });
});

type Bytes = string | Buffer;

/** Sends the bytes as they are, and returns what came until the service closed the connection. `end` closes the own half at once. */
async function exchange(bytes: readonly Bytes[], { end = false } = {}): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    let text = '';
    const hung = setTimeout(() => {
      socket.destroy();
      reject(new Error(`nothing more came after: ${text.slice(0, 500)}`));
    }, PATIENCE_MS);
    const done = (): void => {
      clearTimeout(hung);
      socket.destroy();
      resolve(text);
    };
    socket.setEncoding('latin1');
    socket.on('data', (data) => {
      text += data.toString();
    });
    // A connection that is reset is closed too.
    socket.on('end', done).on('close', done).on('error', done);
    for (const part of bytes) socket.write(part);
    if (end) socket.end();
  });
}

interface Raw {
  method?: string;
  path?: string;
  version?: string;
  headers?: readonly string[];
  body?: Bytes;
}

function raw({
  method = 'POST',
  path = `${BASE}/reports`,
  version = 'HTTP/1.1',
  headers = [],
  body = '',
}: Raw): Bytes[] {
  const common = ['Host: localhost', `X-API-Key: ${TEST_KEY}`, 'Connection: close'];
  return [[`${method} ${path} ${version}`, ...common, ...headers, '', ''].join('\r\n'), body];
}

/** Of two headers of a name the first one counts. */
const json = (body: Bytes, { headers = [] }: Raw = {}): Bytes[] =>
  raw({ body, headers: [...headers, 'Content-Type: application/json', `Content-Length: ${String(body.length)}`] });

const statusesOf = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

/** The one status of the answer, which must be whole and have nothing in it that is not for clients. */
async function statusOf(bytes: readonly Bytes[]): Promise<number> {
  const text = await exchange(bytes);
  expect(leaksIn(text, [TEST_KEY])).toEqual([]);
  const statuses = statusesOf(text);
  expect(statuses, text.slice(0, 300)).toHaveLength(1);
  return statuses[0]!;
}

const NO_OBJECTS = ['null', '1', '"text"', '[]', '[[]]', '{"":[]}', '{"__proto__":[],"constructor":{"prototype":1}}'];

/** Whatever comes is a message, or rejected one by one; and as of old, fields that nobody knows change nothing. */
const TAKES_ANYTHING = [`${BASE}/intake/messages`, '/api/export/configure'];

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

describe('the request line and the headers', () => {
  it.each([
    ['TRACE', 405],
    ['OPTIONS', 405],
    ['QUERY', 405],
    ['PROPFIND', 405],
    ['MADEUP', 400],
    ['get', 400],
  ])('with the method %s are answered %i', async (method, status) => {
    expect(await statusOf(raw({ method }))).toBe(status);
  });

  it.each([
    [`${BASE}/reports/%zz`, 400],
    [`${BASE}/datasets/%c3%28`, 400],
    [`${BASE}/datasets/a%00b`, 422],
    [`${BASE}/datasets/..%2f..%2fetc%2fpasswd`, 404],
    [`${BASE}/../../../etc/passwd`, 404],
    [`${BASE}/files/..%2f..%2f..%2fetc%2fpasswd`, 403],
    ['//', 200],
    ['*', 404],
    [`http://elsewhere.example${BASE}/reports`, 200],
    [`${BASE}/reports?status=queued&status=completed`, 422],
    [`${BASE}/reports?limit=1&limit=2`, 422],
    [`${BASE}/reports?limit[]=1`, 422],
    [`${BASE}/reports?cursor[a][b]=1`, 422],
    [`${BASE}/reports?__proto__[x]=1`, 422],
    [`${BASE}/reports?cursor=%ff%fe`, 422],
    [`${BASE}/reports?${'a=1&'.repeat(2000)}`, 422],
    [`${BASE}/reports?created_after=${'9'.repeat(4000)}`, 422],
    [`${BASE}/${'a/'.repeat(4000)}`, 404],
    [`${BASE}/reports/\0`, 400],
  ])('with the path %j are answered %i', async (path, status) => {
    expect(await statusOf(raw({ method: 'GET', path }))).toBe(status);
  });

  it.each([
    ['one of 100 kB', [`X-Large: ${'a'.repeat(100_000)}`], 431],
    ['5,000 of them', Array.from({ length: 5000 }, (_, index) => `X-${String(index)}: 1`), 431],
    ['a zero byte', ['X-Zero: a\0b'], 400],
    ['bytes that are no UTF-8', ['Idempotency-Key: \xff\xfe', 'X-Request-Id: \xff', 'traceparent: \xff'], 200],
    ['no name', [': a'], 400],
    ['a folded line', ['X-Folded: a', ' b'], 400],
    ['another expectation', ['Expect: the-moon'], 417],
    ['two keys', ['X-API-Key: other'], 401],
  ])('with %s are answered', async (_, headers, status) => {
    expect(await statusOf(raw({ method: 'GET', headers }))).toBe(status);
  });

  it('may be of HTTP/1.0, and of no other version', async () => {
    expect(await statusOf(raw({ method: 'GET', version: 'HTTP/1.0' }))).toBe(200);
    expect(await statusOf(raw({ method: 'GET', version: 'HTTP/3.7' }))).toBe(400);
    expect(await statusOf(['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'])).toBe(400);
    expect(await statusOf(['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'])).toBe(400);
  });

  it('may come several at once', async () => {
    const [one = ''] = raw({ method: 'GET' });
    const open = String(one).replace('Connection: close\r\n', '');
    expect(statusesOf(await exchange([open, open, one]))).toEqual([200, 200, 200]);
  });

  it.each([`${BASE}/reports`, '/', '/health', '/%zz'])('asking for a WebSocket at %s are refused', async (path) => {
    const headers = ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==']; // prettier-ignore
    const [status] = statusesOf(await exchange(raw({ method: 'GET', path, headers })));
    expect([400, 404, 422]).toContain(status);
  });
});

describe('the body', () => {
  it.each([
    ['that is cut in a chunk', { headers: ['Transfer-Encoding: chunked'], body: '5\r\nab' }],
    ['with a chunk of no size', { headers: ['Transfer-Encoding: chunked'], body: 'zz\r\nab\r\n' }],
    ['shorter than it says', { headers: ['Content-Length: 100'], body: '{}' }],
    ['of two lengths', { headers: ['Content-Length: 2', 'Content-Length: 3'], body: '{}x' }],
    ['of a negative length', { headers: ['Content-Length: -1'], body: '{}' }],
    ['of a length and chunks', { headers: ['Content-Length: 2', 'Transfer-Encoding: chunked'], body: '0\r\n\r\n' }],
  ])('%s makes nothing', async (_, { headers, body }) => {
    const all = ['Content-Type: application/json', ...headers];
    const statuses = statusesOf(await exchange(raw({ headers: all, body }), { end: true }));
    expect(statuses.filter((status) => status !== 400)).toEqual([]);
  });

  it('of an upload that stands still is given up', async () => {
    const upload = { method: 'PUT', path: `${BASE}/datasets/slow/content`, headers: ['Content-Type: text/csv', 'Content-Length: 100'] }; // prettier-ignore
    await exchange(raw({ ...upload, body: 'a,b\n' }));
    expect(await client.get(`${BASE}/datasets/slow`)).toMatchObject({ status: 404 });
  });

  it.each([
    ['10 MiB of JSON', json(JSON.stringify({ report_name: 'a'.repeat(10 * MIB) })), 413],
    ['65 levels', json(nested(65)), 422],
    ['100,000 levels', json(nested(100_000)), 422],
    ['500,000 levels of objects', json('{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000)), 422],
    ['a bomb of gzip', json(gzipSync(Buffer.alloc(100 * MIB, ' ')), { headers: ['Content-Encoding: gzip'] }), 413],
    ['broken gzip', json('no gzip', { headers: ['Content-Encoding: gzip'] }), 400],
    ['an unknown encoding', json('{}', { headers: ['Content-Encoding: rot13'] }), 415],
    ['half a text', json('{"report_name": "'), 400],
    ['bytes that are no UTF-8', json(Buffer.from('{"report_name":"\xff"}', 'latin1')), 422],
    ['a zero byte', json('{"report_name":"\\u0000"}'), 422],
    ['half a surrogate pair', json('{"report_name":"\\ud800"}'), 422],
    ['another character set', json('{}', { headers: ['Content-Type: application/json; charset=koi8'] }), 415],
    ['a prototype', json('{"__proto__":{"report_name":"store-uptime"}}'), 422],
    ['numbers beyond all bounds', json('{"report_name":"store-uptime","max_age":1e999}'), 422],
    ['a list as text', json('{"report_name":["store-uptime"]}'), 422],
    ['an expectation', json('[]', { headers: ['Expect: 100-continue'] }), 422],
  ])('of %s is answered', async (_, bytes, status) => {
    const text = await exchange(bytes);
    expect(leaksIn(text, [TEST_KEY])).toEqual([]);
    expect(statusesOf(text).filter((one) => one !== 100)).toEqual([status]);
  });

  it('of JSON that is nothing to it is refused by every operation', async () => {
    const { body: document } = await client.get<OpenAPIObject>(`${BASE}/openapi.json`);
    const operations = Object.entries(document.paths).flatMap(([path, item]) =>
      (['post', 'put', 'patch'] as const).flatMap((method) => (item[method]?.requestBody ? [{ path, method }] : [])),
    );
    expect(operations.length).toBeGreaterThan(15);
    const taken: unknown[] = [];
    for (const { path, method } of operations) {
      if (TAKES_ANYTHING.includes(path)) continue;
      const url = path.replaceAll(/\{\w+\}/g, '01900000-0000-7000-8000-000000000000');
      for (const body of NO_OBJECTS) {
        const headers = { 'content-type': 'application/json' };
        const { status } = await client.send(method.toUpperCase(), url, { raw: body, headers });
        if (status < 400 || status >= 500) taken.push([method, url, body, status]);
      }
    }
    expect(taken).toEqual([]);
  });
});

it('leaves no word about itself in the log', async () => {
  const log = await deployment.api.log();
  expect(leaksIn(log, [TEST_KEY]).filter((leak) => leak.startsWith('a secret'))).toEqual([]);
  expect(log).not.toMatch(/unexpected error|uncaught|unhandled/i);
});
