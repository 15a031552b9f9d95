import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Agent, type Dispatcher, Pool } from 'undici';
import { type Config } from '../../config/config.js';
import { AllowList, destinationOf } from './allow-list.js';
import { ACCEPT_ENCODING, readBody } from './answer-body.js';
import { DestinationGuard } from './destination-guard.js';
import { describeUrl, firstHop, type Hop, redirected } from './hop.js';
import { type HostResolver, systemResolver } from './host-resolver.js';
import { OutboundFailed, OutboundRefused } from './outbound-errors.js';
import {
  type OutboundAnswer,
  OutboundHttp,
  type OutboundMessage,
  type OutboundRequest,
  type OutboundResponse,
} from './outbound-http.js';
import { outboundError } from './transport-errors.js';
import { untilAborted } from './until-aborted.js';

const MAX_REDIRECTS = 5;
const MAX_HEADER_BYTES = 65_536;
const CONNECT_TIMEOUT_MS = 10_000;
/** What a redirect may say about itself before its connection is given up instead of used again. */
const MAX_REDIRECT_BODY_BYTES = 65_536;
/** Of the unpacked body these are not true any more. */
const OF_THE_PACKED_BODY = new Set(['content-encoding', 'content-length', 'transfer-encoding']);

interface Outgoing {
  method: 'GET' | 'POST';
  body?: Buffer;
  signal: AbortSignal;
}

interface Arrival extends Pick<OutboundRequest, 'maxBytes' | 'memoryFor'> {
  signal: AbortSignal;
}

/** HTTP/1.1 with connections kept per origin; every connection goes to an address that the guard has seen. */
export class UndiciHttp extends OutboundHttp implements OnApplicationShutdown {
  private readonly logger = new Logger(UndiciHttp.name);
  private readonly agent: Agent;
  private readonly guard: DestinationGuard;
  private readonly headers: Readonly<Record<string, string>>;

  constructor(config: Pick<Config, 'outbound' | 'version'>, resolve: HostResolver = systemResolver) {
    super();
    this.guard = new DestinationGuard(new AllowList(config.outbound.allow), resolve);
    this.headers = { accept: '*/*', 'accept-encoding': ACCEPT_ENCODING, 'user-agent': `longhaul/${config.version}` };
    this.agent = new Agent({ factory: (origin) => this.poolOf(new URL(origin)) });
  }

  async get(request: OutboundRequest): Promise<OutboundResponse> {
    const first = firstHop(request.url, request.headers, this.headers);
    return await inTime(first.url, request, async (signal) => await this.follow(first, { ...request, signal }));
  }

  async post({ body, maxBytes, ...request }: OutboundMessage): Promise<OutboundAnswer> {
    // The body is not read, so that it need not be packed.
    const hop = firstHop(request.url, request.headers, { ...this.headers, 'accept-encoding': 'identity' });
    return await inTime(hop.url, request, async (signal) => {
      try {
        const answer = await this.send(hop, { method: 'POST', body, signal });
        await answer.body.dump({ limit: maxBytes, signal });
        return { status: answer.statusCode, headers: plainHeaders(answer) };
      } catch (error) {
        throw outboundError(error, hop.url.host);
      }
    });
  }

  onApplicationShutdown(): void {
    // Not waited for: a connection in the making would hold up the end for as long as it may take.
    this.agent.destroy().catch((error: unknown) => {
      this.logger.debug({ err: error, msg: 'connections to sources could not be closed' });
    });
  }

  private async follow(first: Hop, arrival: Arrival): Promise<OutboundResponse> {
    let hop = first;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      const { host } = hop.url;
      try {
        const answer = await this.send(hop, { method: 'GET', signal: arrival.signal });
        const end = await this.arrive(hop, answer, arrival);
        if ('body' in end) return end;
        hop = end;
      } catch (error) {
        throw outboundError(error, host);
      }
    }
    throw new OutboundRefused(`${describeUrl(first.url)} redirects more than ${MAX_REDIRECTS} times.`);
  }

  /** The answer, read to its end, or where it leads. */
  private async arrive(
    hop: Hop,
    answer: Dispatcher.ResponseData,
    { maxBytes, memoryFor, signal }: Arrival,
  ): Promise<Hop | OutboundResponse> {
    const { statusCode: status, body } = answer;
    try {
      const next = redirected(hop, status, answer.headers['location']);
      if (next === null) {
        const content = await readBody(answer, { host: hop.url.host, maxBytes, memoryFor });
        return { status, headers: plainHeaders(answer), url: hop.url.href, body: content };
      }
      await body.dump({ limit: MAX_REDIRECT_BODY_BYTES, signal });
      return next;
    } catch (error) {
      // A body that nobody reads would keep its connection open.
      body.on('error', () => undefined).destroy();
      throw error;
    }
  }

  private async send({ url, headers }: Hop, outgoing: Outgoing): Promise<Dispatcher.ResponseData> {
    this.guard.checkLiteral(destinationOf(url));
    return await this.agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      headers,
      ...outgoing,
    });
  }

  /** The time of the request as a whole is what counts; undici measures none. */
  private poolOf(origin: URL): Pool {
    return new Pool(origin, {
      connect: { lookup: this.guard.lookupFor(destinationOf(origin)), timeout: CONNECT_TIMEOUT_MS },
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }
}

/** Does the work with a signal that aborts when the caller's does, or when the time has run out. */
async function inTime<T>(
  url: URL,
  { signal, timeoutMs }: Pick<OutboundRequest, 'signal' | 'timeoutMs'>,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const stop = new AbortController();
  const abort = (): void => {
    stop.abort(signal.reason);
  };
  const timer = setTimeout(() => {
    stop.abort(new OutboundFailed(`${describeUrl(url)} gave no whole answer within ${timeoutMs} ms.`));
  }, timeoutMs);
  signal.addEventListener('abort', abort, { once: true });
  try {
    // undici looks at the signal only once it has a connection.
    return await untilAborted(work(stop.signal), stop.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

function plainHeaders({ headers }: Dispatcher.ResponseData): Record<string, string> {
  const packed = headers['content-encoding'] !== undefined;
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name, value]) => value !== undefined && !(packed && OF_THE_PACKED_BODY.has(name)))
      .map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : String(value)]),
  );
}
