import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, type RateLimiterAbstract } from 'rate-limiter-flexible';
import { Config } from '../config/config.js';
import { redisOptions } from '../platform/queue/redis-options.js';

/** A request is not held up longer by a Redis that does not answer. */
const COMMAND_TIMEOUT_MS = 250;
/** How many are allowed is decided by who asks: the limiter only counts. */
const COUNT_ONLY = Number.MAX_SAFE_INTEGER;
export const WINDOW_SECONDS = 60;

/** What was counted in a window, and when the window ends. */
export interface Count {
  used: number;
  resetSeconds: number;
}

/**
 * Counts what happens in windows of a minute, over all processes. While Redis is away each process counts for itself, so that nothing is
 * refused or waits because of that; what was counted before is forgotten then.
 */
@Injectable()
export class RateCounter implements OnApplicationShutdown {
  private readonly logger = new Logger(RateCounter.name);
  private readonly redis: Redis;
  private readonly limiter: RateLimiterAbstract;

  constructor(config: Config) {
    this.redis = new Redis(config.redis.url, {
      ...redisOptions,
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      commandTimeout: COMMAND_TIMEOUT_MS,
    });
    this.redis.on('error', (error: Error) => {
      this.logger.debug(`Redis: ${error.message}`);
    });
    this.redis.connect().catch((error: unknown) => {
      this.logger.warn({ err: error, msg: 'Redis is not reachable yet' });
    });
    const window = { points: COUNT_ONLY, duration: WINDOW_SECONDS, keyPrefix: 'longhaul:count' };
    this.limiter = new RateLimiterRedis({
      ...window,
      storeClient: this.redis,
      rejectIfRedisNotReady: true,
      insuranceLimiter: new RateLimiterMemory(window),
    });
  }

  /** Counts one more under the key. */
  async add(key: string): Promise<Count> {
    return toCount(await this.limiter.consume(key));
  }

  async get(key: string): Promise<Count> {
    const found = await this.limiter.get(key);
    return found === null ? { used: 0, resetSeconds: WINDOW_SECONDS } : toCount(found);
  }

  onApplicationShutdown(): void {
    this.redis.disconnect();
  }
}

/** Never 0: who comes back at the end of the window must find it over. */
const toCount = ({ consumedPoints, msBeforeNext }: { consumedPoints: number; msBeforeNext: number }): Count => ({
  used: consumedPoints,
  resetSeconds: Math.max(1, Math.ceil(msBeforeNext / 1000)),
});
