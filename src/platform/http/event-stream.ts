import type { IncomingMessage, ServerResponse } from 'node:http';

/** Shorter than the idle time-out of common proxies. */
const HEARTBEAT_MS = 15_000;

/** A stream of `sendEvents`, for the OpenAPI document. It has no schema: OpenAPI 3.1 has none for a single event. */
export const EVENT_STREAM = {
  'text/event-stream': {
    example:
      'id: 1\nevent: status\ndata: {"status":"queued","terminal":false}\n\nid: 2\nevent: progress\ndata: {"progress":{"percent":42}}\n\n',
  },
};

export interface StreamEvent {
  id: number;
  type: string;
  data: unknown;
}

/** Aborts when the client has gone, also if that was before the call. */
export function clientGone(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    controller.abort();
  });
  // Then nothing says so any more.
  if (response.destroyed) controller.abort();
  return controller.signal;
}

/** The id after which a client wants to go on: header `Last-Event-ID`, query `last_event_id` for those that cannot set one, or 0. */
export function lastEventId({ headers, url }: Pick<IncomingMessage, 'headers' | 'url'>): number {
  const query = new URLSearchParams(url?.split('?')[1]);
  const id = Number(headers['last-event-id'] ?? query.get('last_event_id') ?? 0);
  return Number.isSafeInteger(id) && id > 0 ? id : 0;
}

/** Sends server-sent events until the source ends or the client goes. A slow client slows the source, not the memory. */
export async function sendEvents(response: ServerResponse, events: AsyncIterable<StreamEvent>): Promise<void> {
  response.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store, no-transform',
    'X-Accel-Buffering': 'no',
    Connection: 'keep-alive',
  });
  response.write('retry: 2000\n\n');
  const heartbeat = setInterval(() => {
    if (!response.writableNeedDrain) response.write(': still here\n\n');
  }, HEARTBEAT_MS);
  try {
    for await (const { id, type, data } of events) {
      const more = response.write(`id: ${String(id)}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
      if (!more && !response.destroyed) await writable(response);
    }
  } finally {
    clearInterval(heartbeat);
    response.end();
  }
}

/** Resolves when the response can take more, or never will. */
async function writable(response: ServerResponse): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.once('drain', done).once('close', done);
  });
}
