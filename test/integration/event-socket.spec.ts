import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket, type ClientOptions } from 'ws';
import { currentActor } from '../../src/common/actor.js';
import { ServiceUnavailable } from '../../src/common/errors.js';
import { Scope } from '../../src/common/scope.js';
import { sendEventsTo, type SocketFeed } from '../../src/platform/http/event-socket.js';
import { Needs, type Authenticator } from '../../src/platform/http/access.js';
import { Unauthenticated } from '../../src/platform/http/access-errors.js';
import type { Caller, CallerRequest } from '../../src/platform/http/caller.js';
import { lastEventId, type StreamEvent } from '../../src/platform/http/event-stream.js';
import { SocketAdapter, type SocketRequest } from '../../src/platform/http/socket-adapter.js';
import { RunNotFound } from '../../src/runs/run-errors.js';

const HEARTBEAT_MS = 100;
const KEY_PROTOCOL = `base64url.bearer.authorization.longhaul.${Buffer.from('a key').toString('base64url')}`;
const PAGE = 'https://pages.example';

/** A double: everybody is known, but by these keys. */
const KEYS: Authenticator = {
  async authenticate(request: CallerRequest): Promise<Caller> {
    const key = request.headers['x-api-key'];
    if (key === 'bad') throw Unauthenticated.invalid('The API key is not known.');
    if (key === 'away') throw new ServiceUnavailable('Later.', { retryAfter: 5 });
    if (key === 'broken') throw new Error('an internal');
    return Promise.resolve({
      ...{ owner: 'ann', requestId: request.id, traceparent: null, expiresAt: null },
      scopes: new Set([key === 'other' ? Scope.IntakeWrite : Scope.ReportsRead]),
      actor: { type: 'key', id: 'k1', address: null, requestId: request.id },
    });
  },
};

type Open = (request: SocketRequest, gone: AbortSignal) => Promise<SocketFeed<StreamEvent>>;
let open: Open;

@Needs(Scope.ReportsRead)
@WebSocketGateway({ path: '/things/:id/ws' })
class ThingsGateway implements OnGatewayConnection {
  async handleConnection(socket: WebSocket, request: SocketRequest): Promise<void> {
    await sendEventsTo(socket, async (gone) => await open(request, gone));
  }
}

@Controller('things')
class ThingsController {
  @Get()
  list(): string[] {
    return ['thing'];
  }
}

@Module({ providers: [ThingsGateway], controllers: [ThingsController] })
class ThingsModule {}

let app: NestExpressApplication;
let url: string;

beforeEach(async () => {
  app = await NestFactory.create<NestExpressApplication>(ThingsModule, { logger: false });
  app.useWebSocketAdapter(new SocketAdapter(app, { authenticator: KEYS, origins: [PAGE], heartbeatMs: HEARTBEAT_MS }));
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  url = `ws://127.0.0.1:${String(port)}/things/7/ws`;
  open = silent;
});
afterEach(() => app.close());

const feed = (events: AsyncIterable<StreamEvent>): SocketFeed<StreamEvent> => ({
  events,
  isLast: ({ data }) => data === 'last',
  isOver: false,
});
/** Says nothing until the client has gone. */
const silent: Open = async (_, gone) =>
  feed(
    (async function* (): AsyncGenerator<StreamEvent> {
      await once(gone, 'abort');
      yield* [];
    })(),
  );
const telling = (...data: unknown[]): Open => async () =>
  feed((async function* (): AsyncGenerator<StreamEvent> {
    for (const [index, each] of data.entries()) yield { id: index + 1, type: 'status', data: each };
  })()); // prettier-ignore

/** What a client gets, and the code and reason of the close. */
async function conversation(client: WebSocket): Promise<{ messages: unknown[]; code: number; reason: string }> {
  const messages: unknown[] = [];
  client.on('message', (message: Buffer) => messages.push(JSON.parse(message.toString())));
  const [code, reason] = (await once(client, 'close')) as [number, Buffer];
  return { messages, code, reason: reason.toString() };
}

async function opened(options: ClientOptions = {}): Promise<WebSocket> {
  const client = new WebSocket(url, options);
  await once(client, 'open');
  return client;
}

/** Status of the answer to an upgrade that is refused. */
async function refused(address: string, options: ClientOptions = {}): Promise<number | undefined> {
  const client = new WebSocket(address, options);
  const [, response] = (await once(client, 'unexpected-response')) as [unknown, IncomingMessage];
  response.resume();
  return response.statusCode;
}

describe('who may connect', () => {
  it.each([
    ['bad', 401, 'Bearer realm="longhaul", error="invalid_token"'],
    ['other', 403, 'Bearer realm="longhaul", error="insufficient_scope", scope="reports:read"'],
    ['away', 503, undefined],
    ['broken', 500, undefined],
  ])('not one with the key %s', async (key, status, challenge) => {
    const client = new WebSocket(url, { headers: { 'x-api-key': key } });
    const [, response] = (await once(client, 'unexpected-response')) as [unknown, IncomingMessage];
    let text = '';
    for await (const chunk of response) text += String(chunk);
    expect(response).toMatchObject({ statusCode: status });
    expect(response.headers['www-authenticate']).toBe(challenge);
    expect(response.headers['retry-after']).toBe(status === 503 ? '5' : undefined);
    expect(text).not.toContain('internal');
  });

  it('is known to the gateway, which works for them', async () => {
    let seen: unknown;
    open = async (request) => {
      seen = { owner: request.caller?.owner, actor: currentActor().id };
      return await telling('last')(request, AbortSignal.timeout(1000));
    };
    await conversation(new WebSocket(url));
    expect(seen).toEqual({ owner: 'ann', actor: 'k1' });
  });

  it.each([
    [['longhaul.events', KEY_PROTOCOL], 'longhaul.events'],
    [[KEY_PROTOCOL, 'longhaul.events'], 'longhaul.events'],
    [[KEY_PROTOCOL, 'chat'], 'chat'],
    [['chat'], 'chat'],
  ])('is answered to %j with %s', async (offered, chosen) => {
    const client = new WebSocket(url, offered);
    await once(client, 'open');
    expect(client.protocol).toBe(chosen);
    client.terminate();
  });
});

describe('events over a socket', () => {
  it('are JSON messages, and the last one closes with 1000', async () => {
    open = telling({ percent: 1 }, 'last');
    expect(await conversation(new WebSocket(url))).toEqual({
      messages: [{ id: 1, type: 'status', data: { percent: 1 } }, { id: 2, type: 'status', data: 'last' }],
      code: 1000,
      reason: '',
    }); // prettier-ignore
  });

  it('know the parameters of the path, the request id, and where to go on', async () => {
    const requests: SocketRequest[] = [];
    open = async (request, gone) => {
      requests.push(request);
      return await telling('last')(request, gone);
    };
    await conversation(new WebSocket(`${url}?last_event_id=42`, { headers: { 'x-request-id': 'r-1' } }));
    await conversation(new WebSocket(url, { headers: { 'last-event-id': '43' } }));
    expect(requests.map(({ params }) => params)).toEqual([{ id: '7' }, { id: '7' }]);
    expect(requests[0]?.id).toBe('r-1');
    expect(requests.map(lastEventId)).toEqual([42, 43]);
  });

  it('that break off before the last one ask the client to come back; those that had ended do not', async () => {
    open = telling('first');
    expect((await conversation(new WebSocket(url))).code).toBe(1001);
    open = async (...given) => ({ ...(await telling()(...given)), isOver: true });
    expect((await conversation(new WebSocket(url))).code).toBe(1000);
  });

  it('close with what a client can understand, and with nothing else', async () => {
    open = async () => Promise.reject(new RunNotFound('7'));
    expect(await conversation(new WebSocket(url))).toMatchObject({ code: 4404, reason: 'run-not-found' });
    open = async () => Promise.reject(new Error('password of the database'));
    expect(await conversation(new WebSocket(url))).toMatchObject({ code: 1011, reason: '' });
  });

  it('wait for a client that does not read', async () => {
    let told = 0;
    open = async (_, gone) =>
      feed((async function* (): AsyncGenerator<StreamEvent> {
        for (; !gone.aborted; told += 1) yield { id: told + 1, type: 'progress', data: 'x'.repeat(1024 * 1024) };
      })()); // prettier-ignore
    const client = await opened();
    client.pause();
    // What the system buffers is filled, then nothing moves.
    await vi.waitFor(async () => {
      const before = told;
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(told).toBe(before);
    }, { timeout: 10_000 }); // prettier-ignore
    expect(told).toBeLessThan(30);
    client.terminate();
  });
});

describe('a socket', () => {
  it('is refused where there is none, and to pages of other origins', async () => {
    expect(await refused(url.replace('things', 'nothing'))).toBe(404);
    expect(await refused(url, { origin: 'https://evil.example' })).toBe(403);
    for (const origin of [PAGE, `http://${new URL(url).host}`]) (await opened({ origin })).terminate();
  });

  it('is dropped when its peer is dead, and kept when it answers', async () => {
    const alive = await opened();
    const dead = await opened({ autoPong: false });
    const [code] = (await once(dead, 'close')) as [number];
    expect(code).toBe(1006);
    expect(alive.readyState).toBe(WebSocket.OPEN);
    alive.terminate();
  });

  it('ignores what it is told, and closes when that is large', async () => {
    const client = await opened();
    client.send('hello');
    client.send('{"event":"x","data":1}');
    await once(client, 'ping');
    expect(client.readyState).toBe(WebSocket.OPEN);
    client.send('x'.repeat(5000));
    expect((await conversation(client)).code).toBe(1009);
  });

  it('is closed with 1001 when the process stops, also if the client does not answer', async () => {
    const client = await opened();
    const deaf = await opened();
    deaf.pause();
    const closed = conversation(client);
    await app.close();
    expect((await closed).code).toBe(1001);
    deaf.terminate();
  });

  it('that breaks the protocol while the process stops does not keep it from stopping', async () => {
    const client = await opened();
    const closed = conversation(client);
    const stopped = app.close();
    client.send('x'.repeat(5000));
    await stopped;
    expect((await closed).code).not.toBe(1009);
  });

  it('does not keep clients from HTTP that offer another protocol', async () => {
    const headers = {
      connection: 'Upgrade, HTTP2-Settings',
      upgrade: 'h2c',
      'http2-settings': 'AAMAAABkAAQAoAAAAAIAAAAA',
    };
    const request = httpRequest(`${new URL(url).origin.replace('ws', 'http')}/things`, { headers }).end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(200);
    response.resume();
  });
});
