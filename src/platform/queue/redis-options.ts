import type { RedisOptions } from 'ioredis';

/** Reconnects for ever with a growing pause of at most 2 s; a command waits for the connection instead of failing. */
export const redisOptions: RedisOptions = {
  maxRetriesPerRequest: null,
  enableReadyCheck: false,
  connectTimeout: 5000,
  retryStrategy: (attempt) => Math.min(attempt * 100, 2000),
};
