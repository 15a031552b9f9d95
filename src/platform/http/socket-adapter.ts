import { Logger, type INestApplication } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { once } from 'node:events';
import { createServer, STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { WebSocket, WebSocketServer } from 'ws';
import { actAs } from '../../common/actor.js';
import { AppError } from '../../common/errors.js';
import { challengeOf } from './access-errors.js';
import type { Authenticator } from './access.js';
import type { Caller } from './caller.js';
import { SocketClose } from './event-socket.js';
import { checkLoopbackHost } from './loopback-host.js';
import { matchPath } from './path-pattern.js';
import { PROBLEMS } from './problem.js';
import { requestIdOf } from './request-id.js';
import { SocketAccess } from './socket-access.js';
import { chosenProtocol } from './socket-protocols.js';

/** A peer that has not answered for two beats is dropped with the next one: after 30 to 45 s. Proxies see traffic, too. */
const HEARTBEAT_MS = 15_000;
const MISSED_BEATS = 2;
/** Clients have nothing to say: what they send is read and forgotten. */
const MAX_MESSAGE_BYTES = 4096;
/** How long a client may take to answer the close of a process that stops. */
const CLOSE_MS = 1000;

/** The request that a WebSocket began with: its `id`, and the parameters of the gateway's path. */
export interface SocketRequest extends IncomingMessage {
  id: string;
  /** Known before the gateway is told of it. */
  caller?: Caller;
  params: Readonly<Record<string, string>>;
}

export interface SocketOptions {
  authenticator: Authenticator;
  /** Whether only names of this machine may be asked. */
  onlyLoopback?: boolean;
  /** Origins of browser pages that may connect, beside those of the service itself. */
  origins: readonly string[];
  heartbeatMs?: number;
}

interface Upgrade {
  request: IncomingMessage;
  socket: Duplex;
  head: Buffer;
}

/**
 * WebSockets of gateways whose path has parameters (`@WebSocketGateway({ path: '/things/:id/ws' })`), which Nest's own adapter
 * compares literally. Also: only known origins, only callers that `@Needs` of the gateway lets in, a heartbeat, and 1001 to
 * every client when the process stops.
 */
export class SocketAdapter extends WsAdapter {
  private readonly log = new Logger(SocketAdapter.name);
  private readonly beats = new Map<WebSocketServer, NodeJS.Timeout>();
  private readonly access: SocketAccess;

  constructor(
    app: INestApplication,
    private readonly options: SocketOptions,
  ) {
    super(app);
    this.access = new SocketAccess(app, options.authenticator);
  }

  override create(port: number, options: { path?: string } = {}): WebSocketServer {
    // The base class is not typed.
    const own = { maxPayload: MAX_MESSAGE_BYTES, handleProtocols: chosenProtocol };
    const server = super.create(port, { ...own, ...options }) as WebSocketServer;
    this.beats.set(server, beat(server, this.options.heartbeatMs ?? HEARTBEAT_MS));
    return server;
  }

  override bindMessageHandlers(): void {
    // Nothing is asked over a socket.
  }

  override bindErrorHandler(server: WebSocketServer): WebSocketServer {
    server.on('connection', (client) => {
      client.on('error', (error) => {
        this.log.debug(`a client broke the protocol: ${error.message}`);
      });
    });
    return server;
  }

  override async close(server: WebSocketServer): Promise<void> {
    clearInterval(this.beats.get(server));
    // Rejects for a client that breaks the protocol, which has to go all the same.
    const left = [...server.clients].map((client) => once(client, 'close'));
    for (const client of server.clients) client.close(SocketClose.GoingAway);
    await Promise.race([Promise.allSettled(left), delay(CLOSE_MS)]);
    await super.close(server);
  }

  /** Takes over the upgrades of the port's server; called by the base class when the first gateway of the port is there. */
  protected override ensureHttpServerExists(port: number, httpServer: Server = createServer()): Server | undefined {
    if (this.httpServersRegistry.has(port)) return undefined;
    this.httpServersRegistry.set(port, httpServer);
    // Clients that merely offer another protocol, such as h2c, are answered as if they had not.
    const isWebSocket = ({ headers }: IncomingMessage): boolean => headers.upgrade?.toLowerCase() === 'websocket';
    Object.assign(httpServer, { shouldUpgradeCallback: isWebSocket });
    httpServer.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', (error) => {
        this.log.debug(`an upgrade broke off: ${error.message}`);
      });
      this.upgrade(port, { request, socket, head }).catch((error: unknown) => {
        refuse(socket, this.toRefusal(error));
      });
    });
    return httpServer;
  }

  private async upgrade(port: number, { request, socket, head }: Upgrade): Promise<void> {
    if (this.options.onlyLoopback) checkLoopbackHost(request);
    const [path = '/'] = request.url?.split('?', 1) ?? [];
    // Filled by the base class; `path` is the gateway's.
    const servers = (this.wsServersRegistry.get(port) ?? []) as (WebSocketServer & { path: string })[];
    for (const server of servers) {
      const params = matchPath(server.path, path);
      if (!params) continue;
      if (!this.isAllowed(request)) {
        refuse(socket, { status: 403, detail: ORIGIN_REFUSED });
        return;
      }
      const known: SocketRequest = Object.assign(request, { id: requestIdOf(request), params });
      known.caller = await this.access.callerOn(server.path, known);
      actAs(known.caller.actor, () => {
        server.handleUpgrade(request, socket, head, (client) => server.emit('connection', client, known));
      });
      return;
    }
    refuse(socket, { status: 404, detail: 'No WebSocket is served at this path.' });
  }

  private toRefusal(error: unknown): Refusal {
    if (!(error instanceof AppError)) {
      this.log.error({ err: error, msg: 'unexpected error while a WebSocket began' });
      return { status: 500, detail: 'Something went wrong inside the service.' };
    }
    const { code, message, retryAfter } = error;
    return { status: PROBLEMS[code].status, detail: message, challenge: challengeOf(error), retryAfter };
  }

  /** Browsers say where a page comes from and do not ask as they do with CORS; other clients say nothing. */
  private isAllowed({ headers }: IncomingMessage): boolean {
    const { origin } = headers;
    if (origin === undefined) return true;
    const isOwn = URL.canParse(origin) && new URL(origin).host === headers.host;
    return isOwn || this.options.origins.includes(origin);
  }
}

const ORIGIN_REFUSED = 'Pages of this origin may not connect. The operator lists those that may in CORS_ORIGINS.';

/** One timer for all clients of a server. */
function beat(server: WebSocketServer, milliseconds: number): NodeJS.Timeout {
  const missed = new WeakMap<WebSocket, number>();
  server.on('connection', (client) => {
    client.on('pong', () => missed.set(client, 0));
  });
  return setInterval(() => {
    for (const client of server.clients) {
      const count = missed.get(client) ?? 0;
      if (count >= MISSED_BEATS) client.terminate();
      else client.ping();
      missed.set(client, count + 1);
    }
  }, milliseconds);
}

interface Refusal {
  status: number;
  detail: string;
  /** `WWW-Authenticate`. */
  challenge?: string | undefined;
  retryAfter?: number | undefined;
}

function refuse(socket: Duplex, { status, detail, challenge, retryAfter }: Refusal): void {
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(detail)}`,
    ...(challenge === undefined ? [] : [`WWW-Authenticate: ${challenge}`]),
    ...(retryAfter === undefined ? [] : [`Retry-After: ${String(retryAfter)}`]),
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${detail}`);
}
