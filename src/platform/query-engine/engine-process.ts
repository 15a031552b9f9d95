import { writeFile } from 'node:fs/promises';
import { memoryExceeded } from './duckdb-errors.js';
import { openDuckDb } from './duckdb-open.js';
import { toSent, type EngineAnswer, type EngineRequest } from './engine-protocol.js';
import type { QueryLimits, QueryOptions, QueryParameters, QuerySession } from './query-engine.js';

/*
 * The process of one isolated session: started by ProcessEngine, and ended by it with a signal. It holds nothing but
 * DuckDB, so that it starts fast, and it never outlives the process that started it.
 */

/** Rows go from process to process as a whole; what is larger belongs into a file. */
const MAX_ROWS = 10_000;

/**
 * The engine does not count everything that it allocates: a single text of gigabytes, or what is computed before a
 * statement runs, is not held up by its own limit. So much more than that limit is what a process may hold in all: the
 * runtime itself, the allocator, and what a writer of Parquet holds of a wide table.
 */
const UNCOUNTED_MB = 768;
const MEMORY_INTERVAL_MS = 50;

let session: QuerySession | undefined;
/** Calls that are not answered yet. */
const waiting = new Set<number>();

process.on('disconnect', end);
// A Ctrl-C at the terminal reaches this process too; whether its work goes on is for the other one to say.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
process.on('message', (request: EngineRequest) => {
  void answer(request);
});
// When the system runs out of memory, this process is to be the one that ends. Only Linux has the file.
await writeFile('/proc/self/oom_score_adj', '1000').catch(() => undefined);

/** At once: a statement that runs does not hold it up, and there is nothing to save. */
function end(): void {
  process.kill(process.pid, 'SIGKILL');
}

async function answer(request: EngineRequest): Promise<void> {
  const { id } = request;
  waiting.add(id);
  try {
    send({ id, kind: 'done', output: await run(request) });
  } catch (error) {
    send({ id, kind: 'failed', error: toSent(error) });
  } finally {
    waiting.delete(id);
  }
}

/** Such a statement cannot be interrupted either, so that the process ends with it, once it has said why. */
function watchMemory(limits: QueryLimits): void {
  const mostBytes = (limits.memoryMb * 1.5 + UNCOUNTED_MB) * 1024 * 1024;
  setInterval(() => {
    if (process.memoryUsage.rss() < mostBytes) return;
    const error = toSent(memoryExceeded(limits));
    for (const id of waiting) send({ id, kind: 'failed', error });
    process.disconnect();
  }, MEMORY_INTERVAL_MS).unref();
}

function send(message: EngineAnswer): void {
  process.send?.(message);
}

async function run(request: EngineRequest): Promise<unknown> {
  if (request.call === 'open') {
    session = await openDuckDb(request.input);
    watchMemory(request.input.limits);
    return undefined;
  }
  if (session === undefined) throw new Error('The session is not open.');
  switch (request.call) {
    case 'relate':
      return session.relate(request.input.name, request.input.file, request.input.expected);
    case 'define':
      return session.define(request.input.name, request.input.select);
    case 'query':
      return few(await session.query(request.input.sql, optionsOf(request.id, request.input)));
    case 'describe':
      return session.describe(request.input.sql, request.input.parameters);
    case 'materialize':
      return session.materialize(request.input.sql, request.input.file, optionsOf(request.id, request.input));
  }
}

function optionsOf(id: number, input: { parameters?: QueryParameters | undefined; watched: boolean }): QueryOptions {
  const { parameters, watched } = input;
  return {
    ...(parameters && { parameters }),
    ...(watched && { onProgress: (progress) => send({ id, kind: 'progress', progress }) }),
  };
}

function few<T>(rows: T[]): T[] {
  if (rows.length > MAX_ROWS) throw new TypeError(`An isolated query may return ${String(MAX_ROWS)} rows at most.`);
  return rows;
}
