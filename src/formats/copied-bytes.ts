import { execFile } from 'node:child_process';
import { close, constants, open } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { promisify } from 'node:util';
import { quoteText } from '../platform/query-engine/statement-text.js';
import type { Copy } from './copy.js';
import type { RenderJob } from './format.js';
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
  const { session, file, onProgress } = job;
  const pipe = `${file}.pipe`;
  const endTurn = await pipes.take();
  try {
    await run('mkfifo', ['-m', '600', pipe]);
    const reading = await openFile(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    // A writer of our own: without one, the reader would see the end before the statement has opened the pipe.
    const keeper = await openFile(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
    const reader = new Socket({ fd: reading, readable: true, writable: false });
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
      await settled;
    }
  } finally {
    endTurn();
    await rm(pipe, { force: true });
  }
}
