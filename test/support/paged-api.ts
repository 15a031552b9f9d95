import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as the server saw it. */
export interface SeenRequest {
  /** The page that was asked for, from 0. */
  page: number;
  /** Milliseconds since the server started. */
  at: number;
  url: string;
  headers: IncomingMessage['headers'];
  /** Whether the client left before the answer was complete. */
  aborted: boolean;
}

/** An answer that is not the page. */
export interface OtherAnswer {
  status: number;
  headers?: Readonly<Record<string, string>>;
  body?: string;
}

export interface PagedApiOptions {
  pages: number;
  perPage: number;
  /** Default: any that is free. */
  port?: number;
  /** One record; default has a number, texts and a nested object. */
  record?: (index: number) => unknown;
  /** Milliseconds before each answer. */
  delayMs?: number;
  /** Called with the page and how often it was asked for before; undefined gives the page. */
  answer?: (page: number, before: number, request: SeenRequest) => OtherAnswer | 'hang' | undefined;
  /** The body of a page; default is an envelope with the records in `data.items`. */
  render?: (page: number, records: unknown[], api: PagedApi) => string;
  contentType?: string;
}

export const defaultRecord = (index: number): unknown => ({
  id: index,
  name: `Customer ${String(index)}`,
  amount: index / 8,
  active: index % 2 === 0,
  tags: { city: 'Łódź', parcels: index % 7 },
});

/**
 * A server with numbered pages (`?page=1`), or the same by `offset`, `cursor`, a `Link` header and a `next` URL, all at once.
 * It writes down what it is asked for.
 */
export class PagedApi {
  readonly requests: SeenRequest[] = [];
  private readonly startedAt = performance.now();
  private readonly bodies = new Map<number, string>();

  private constructor(
    private readonly server: Server,
    readonly options: PagedApiOptions,
  ) {}

  static async start(options: PagedApiOptions): Promise<PagedApi> {
    const server = createServer({ keepAliveTimeout: 60_000 });
    const api = new PagedApi(server, options);
    server.on('request', (request, response) => void api.handle(request, response));
    server.listen(options.port ?? 0, '127.0.0.1');
    await once(server, 'listening');
    return api;
  }

  get origin(): string {
    const { port } = this.server.address() as AddressInfo;
    return `http://127.0.0.1:${String(port)}`;
  }

  get url(): string {
    return `${this.origin}/records`;
  }

  /** The source of an export that reads all pages by their number. */
  get source() {
    return {
      type: 'http',
      url: this.url,
      records_path: 'data.items',
      pagination: { type: 'page' } as Record<string, unknown>,
    };
  }

  /** How often each page was asked for. */
  get counts(): Map<number, number> {
    const counts = new Map<number, number>();
    for (const { page } of this.requests) counts.set(page, (counts.get(page) ?? 0) + 1);
    return counts;
  }

  /** Most requests that came within any stretch of so many milliseconds. */
  most(withinMs: number): number {
    const times = this.requests.map(({ at }) => at);
    return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + withinMs).length));
  }

  get total(): number {
    return this.options.pages * this.options.perPage;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.origin);
    const { perPage, answer, delayMs = 0 } = this.options;
    const offset = url.searchParams.get('offset');
    const page =
      offset === null
        ? Number(url.searchParams.get('page') ?? url.searchParams.get('cursor') ?? 1) - 1
        : Number(offset) / perPage;
    const seen = {
      page,
      at: performance.now() - this.startedAt,
      url: url.href,
      headers: request.headers,
      aborted: false,
    };
    const before = this.counts.get(page) ?? 0;
    this.requests.push(seen);
    response.on('close', () => (seen.aborted = !response.writableFinished));
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    const other = answer?.(page, before, seen);
    if (other === 'hang') return;
    if (other !== undefined) response.writeHead(other.status, other.headers).end(other.body ?? '');
    else this.send(page, response);
  }

  private send(page: number, response: ServerResponse): void {
    const { pages, contentType = 'application/json' } = this.options;
    const hasNext = page + 1 < pages;
    response.writeHead(200, {
      'content-type': contentType,
      ...(hasNext && { link: `<${this.url}?page=1>; rel="first", </records?page=${String(page + 2)}>; rel="next"` }),
    });
    response.end(this.body(page));
  }

  private body(page: number): string {
    const { pages, perPage, record = defaultRecord, render = envelope } = this.options;
    let body = this.bodies.get(page);
    if (body === undefined) {
      const count = page < pages ? perPage : 0;
      const records = Array.from({ length: count }, (_, index) => record(page * perPage + index));
      body = render(page, records, this);
      this.bodies.set(page, body);
    }
    return body;
  }
}

function envelope(page: number, records: unknown[], api: PagedApi): string {
  const hasNext = page + 1 < api.options.pages;
  const next = hasNext ? `/records?page=${String(page + 2)}` : null;
  return JSON.stringify({
    data: { items: records },
    total: api.total,
    total_pages: api.options.pages,
    next_cursor: hasNext ? String(page + 2) : null,
    next,
  });
}
