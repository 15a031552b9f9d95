import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { demoOrders, type DemoOrder } from './demo-orders.js';

const DEFAULT_SIZE = 100;
const MAX_SIZE = 1000;
const HOST = '127.0.0.1';

interface Page {
  orders: readonly DemoOrder[];
  /** Index of the first order. */
  start: number;
  rows: readonly DemoOrder[];
  size: number;
  /** The URL of the request with other parameters. */
  at: (parameters: Record<string, number>) => string;
  response: ServerResponse;
}

/**
 * A server of paged orders in every way that servers page, so that exports can be tried without a network. It stands for
 * services of other people: the product knows nothing of it.
 */
export class DemoApi {
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(port: number): Promise<DemoApi> {
    const orders = demoOrders();
    const server = createServer((request, response) => {
      answer(orders, request, response);
    });
    server.listen(port, HOST);
    await once(server, 'listening');
    return new DemoApi(server, `http://${HOST}:${String(port)}`);
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}

/** Path -> how its pages look. All take `page` (from 1) or `offset` or `cursor`, and `per_page` or `limit`. */
const PAGES: Readonly<Record<string, (page: Page) => void>> = {
  '/orders': ({ rows, response }) => {
    sendJson(response, rows);
  },
  '/orders/paged': ({ orders, rows, start, size, response }) => {
    const pages = { page: start / size + 1, total_pages: Math.ceil(orders.length / size) };
    sendJson(response, { data: rows, ...pages, total: orders.length });
  },
  '/orders/offset': ({ orders, rows, response }) => {
    sendJson(response, { items: rows, total: orders.length });
  },
  '/orders/cursor': ({ orders, rows, start, response }) => {
    const next = start + rows.length;
    sendJson(response, { data: rows, next_cursor: next < orders.length ? toCursor(next) : null });
  },
  '/orders/link': ({ orders, rows, start, size, at, response }) => {
    const next = start + size;
    if (next < orders.length) response.setHeader('Link', `<${at({ page: next / size + 1 })}>; rel="next"`);
    sendJson(response, rows);
  },
  '/orders/next': ({ orders, rows, start, size, at, response }) => {
    const next = start + size;
    sendJson(response, { results: rows, next: next < orders.length ? at({ page: next / size + 1 }) : null });
  },
  '/orders.ndjson': ({ rows, response }) => {
    send(response, 'application/x-ndjson', rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  },
  '/orders.csv': ({ orders, rows, response }) => {
    send(response, 'text/csv; charset=utf-8', toCsv(rows, orders));
  },
};

function answer(orders: readonly DemoOrder[], request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', `http://${request.headers.host ?? HOST}`);
  const show = PAGES[url.pathname];
  if (request.method !== 'GET' || !show) {
    response.statusCode = 404;
    sendJson(response, { error: 'not found', paths: Object.keys(PAGES) });
    return;
  }
  const range = rangeOf(url.searchParams);
  if (!range) {
    response.statusCode = 400;
    sendJson(response, {
      error: `sizes are 1 to ${String(MAX_SIZE)}, pages count from 1, offsets from 0`,
    });
    return;
  }
  const { start, size } = range;
  const at = (parameters: Record<string, number>): string => {
    const other = new URL(url);
    for (const [name, value] of Object.entries(parameters)) other.searchParams.set(name, String(value));
    return other.href;
  };
  show({ orders, start, size, rows: orders.slice(start, start + size), at, response });
}

function rangeOf(query: URLSearchParams): { start: number; size: number } | null {
  const size = Number(query.get('per_page') ?? query.get('limit') ?? DEFAULT_SIZE);
  const page = Number(query.get('page') ?? 1);
  const cursor = query.get('cursor');
  const start = cursor === null ? Number(query.get('offset') ?? (page - 1) * size) : fromCursor(cursor);
  const fits = Number.isSafeInteger(size) && size >= 1 && size <= MAX_SIZE && Number.isSafeInteger(start) && start >= 0;
  return fits ? { start, size } : null;
}

const toCursor = (index: number): string => Buffer.from(`order ${String(index)}`).toString('base64url');
const fromCursor = (cursor: string): number =>
  Number(Buffer.from(cursor, 'base64url').toString().replace('order ', ''));

/** A header on every page, also on one without orders. */
function toCsv(rows: readonly DemoOrder[], [first]: readonly DemoOrder[]): string {
  const flat = ({ shipping, ...order }: DemoOrder) => ({ ...order, ...shipping });
  const quoted = (value: string | number | boolean | null): string =>
    value === null ? '' : `"${String(value).replaceAll('"', '""')}"`;
  const names = first === undefined ? [] : Object.keys(flat(first));
  const lines = rows.map((row) => Object.values(flat(row)).map(quoted).join(','));
  return [names.join(','), ...lines, ''].join('\r\n');
}

function sendJson(response: ServerResponse, body: unknown): void {
  send(response, 'application/json', JSON.stringify(body));
}

function send(response: ServerResponse, type: string, body: string): void {
  response.setHeader('Content-Type', type);
  response.end(body);
}
