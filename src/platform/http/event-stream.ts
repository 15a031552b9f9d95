import type { Request, Response } from 'express';
import { once } from 'node:events';

/** Shorter than the idle time-out of common proxies. */
const HEARTBEAT_MS = 15_000;

export interface StreamEvent {
  id: number;
  type: string;
  data: unknown;
}

/** Aborts when the client has gone. */
export function clientGone(response: Response): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    controller.abort();
  });
  return controller.signal;
}

/** The id after which a client wants to go on: header `Last-Event-ID`, or 0. */
export function lastEventId(request: Request): number {
  const id = Number(request.header('last-event-id') ?? 0);
  return Number.isSafeInteger(id) && id > 0 ? id : 0;
}

/** Sends server-sent events until the source ends or the client goes. A slow client slows the source, not the memory. */
export async function sendEvents(response: Response, events: AsyncIterable<StreamEvent>): Promise<void> {
  response.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store, no-transform',
    'X-Accel-Buffering': 'no',
    Connection: 'keep-alive',
  });
  response.write('retry: 2000\n\n');
  const heartbeat = setInterval(() => response.write(': still here\n\n'), HEARTBEAT_MS);
  try {
    for await (const { id, type, data } of events) {
      const more = response.write(`id: ${String(id)}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
      if (!more && !response.destroyed) await Promise.race([once(response, 'drain'), once(response, 'close')]);
    }
  } finally {
    clearInterval(heartbeat);
    response.end();
  }
}
