import { Logger } from '@nestjs/common';
import type { WebSocket } from 'ws';
import { AppError } from '../../common/errors.js';
import type { StreamEvent } from './event-stream.js';
import { PROBLEMS } from './problem.js';

/** Codes of RFC 6455. An error that a client can understand is 4000 + its HTTP status, with the code of the problem as reason. */
export const SocketClose = { Done: 1000, GoingAway: 1001, Failed: 1011, Problem: 4000 } as const;

const logger = new Logger('EventSocket');

/** What is told over a socket. */
export interface SocketFeed<T extends StreamEvent> {
  /** Must end soon after the client has gone. */
  events: AsyncIterable<T>;
  /** Whether nothing can follow the event. */
  isLast: (event: T) => boolean;
  /** Whether what is told had ended before: then the end of the events is the end of all. */
  isOver: boolean;
}

/**
 * Sends events as JSON text messages `{id, type, data}`, and closes: with 1000 after the last one, with 1001 if they end before it
 * (come back, the process stops), with 4404 and its like if `open` rejects. The next event is taken when the one before has
 * left: a slow client slows the source, not the memory. Never rejects.
 */
export async function sendEventsTo<T extends StreamEvent>(
  socket: WebSocket,
  open: (gone: AbortSignal) => Promise<SocketFeed<T>>,
): Promise<void> {
  const gone = new AbortController();
  socket.once('close', () => {
    gone.abort();
  });
  try {
    const { events, isLast, isOver } = await open(gone.signal);
    let done = isOver;
    for await (const event of events) {
      if (socket.readyState !== socket.OPEN) break;
      const { id, type, data } = event;
      await sent(socket, JSON.stringify({ id, type, data }));
      done ||= isLast(event);
    }
    socket.close(done ? SocketClose.Done : SocketClose.GoingAway);
  } catch (error) {
    closeWith(socket, error);
  }
}

function closeWith(socket: WebSocket, error: unknown): void {
  if (error instanceof AppError) {
    socket.close(SocketClose.Problem + PROBLEMS[error.code].status, error.code);
    return;
  }
  logger.error({ err: error, msg: 'unexpected error while sending events' });
  socket.close(SocketClose.Failed);
}

/** Resolves when the message is with the system, or will never be: then the close says so. */
async function sent(socket: WebSocket, message: string): Promise<void> {
  await new Promise<void>((resolve) => {
    socket.send(message, () => {
      resolve();
    });
  });
}
