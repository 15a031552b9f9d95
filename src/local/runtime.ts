/**
 * What the processes are started with, as in the Dockerfile. A statement of the query engine holds a thread of libuv's
 * pool; a small young generation keeps V8, and few arenas keep the allocator, from holding memory that is not needed.
 */
export const RUNTIME: Readonly<Record<string, string>> = {
  UV_THREADPOOL_SIZE: '16',
  NODE_OPTIONS: '--max-semi-space-size=2',
  MALLOC_ARENA_MAX: '2',
};
