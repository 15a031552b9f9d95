import { execFile } from 'node:child_process';
import { close, constants, open } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { promisify } from 'node:util';
import { quoteText } from '../platform/query-engine/statement-text.js';
import type { Copy, RenderJob } from './format.js';
import { Turns } from './turns.js';

const run = promisify(execFile);
// Plain descriptors: a FileHandle would close what the socket owns.
const openFile = promisify(open);
const closeFile = promisify(close);

/**
 * A statement holds a thread of the libuv pool (four unless configured) while its pipe is full, and whoever reads the pipe
 * needs one to deflate: as many pipes as threads would wait for each other for ever.
 */
const pipes = new Turns(3);

/**
 * The bytes that a COPY writes, while it writes them: through a named pipe beside the job's
 * file, so that nothing lies on disk and the engine waits for who reads. Ends with the number of rows. Rejects with the
 * error of the statement.
 */
export async function* copiedBytes(job: RenderJob, { select, options }: Copy): AsyncGenerator<Buffer, number> {
  const { session, file, onProgress, signal } = job;
  const pipe = `${file}.pipe`;
  const endTurn = await pipes.take();
  try {
    await run('mkfifo', ['-m', '600', pipe]);
    const reading = await openFile(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    // A writer of our own: without one, the reader would see the end before the statement has opened the pipe.
    const keeper = await openFile(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
    const reader = new Socket({ fd: reading, readable: true, writable: false });
    // A statement that waits for the pipe hears of no interrupt until somebody reads, or nobody can any more.
    const stop = (): void => void reader.destroy(reasonOf(signal));
    signal?.addEventListener('abort', stop, { once: true });
    const copying = session
      .query(`COPY (${select}) TO ${quoteText(pipe)} (${options})`, { ...(onProgress && { onProgress }) })
      .finally(() => closeFile(keeper));
    const settled = Promise.allSettled([copying]);
    try {
      for await (const chunk of reader) yield chunk as Buffer;
      const [written] = await copying;
      return Number(written?.['Count']);
    } finally {
      // Where reading stopped early, this breaks the pipe for the statement, which must have ended before the file is gone.
      reader.destroy();
      signal?.removeEventListener('abort', stop);
      await settled;
    }
  } finally {
    endTurn();
    await rm(pipe, { force: true });
  }
}

function reasonOf(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error('The signal was aborted.', { cause: reason });
}
