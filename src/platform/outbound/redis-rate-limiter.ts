import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';
import { setTimeout as delay } from 'node:timers/promises';
import { ServiceUnavailable } from '../../common/errors.js';
import { type Config } from '../../config/config.js';
import { redisOptions } from '../queue/redis-options.js';
import { RateLimiter } from './rate-limiter.js';
import { untilAborted } from './until-aborted.js';

/**
 * The key holds the moment of the next turn, in microseconds of the clock of Redis: those of the callers do not matter.
 * Gives 0 when the turn is the caller's, else the microseconds until there is one to be had. A turn is taken when it
 * comes, not reserved before: turns are never closer than the gap, and who stops waiting leaves no hole.
 */
const TAKE_TURN = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local free = tonumber(redis.call('GET', KEYS[1]) or '0')
if free > now then return free - now end
local gap = tonumber(ARGV[1])
redis.call('SET', KEYS[1], string.format('%.0f', now + gap), 'PX', math.ceil(gap / 1000) + 1000)
return 0
`;
const KEY_PREFIX = 'longhaul:rate:';
const MICROSECONDS = 1_000_000;
const COMMAND_TIMEOUT_MS = 2000;
const PATIENCE_MS = 30_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;
/** Timers take no more than 2^31 ms and end at once beyond. */
const LONGEST_SLEEP_MS = 60_000;
/** Processes that wait for the same turn ask at moments of chance, so that none is always the first. */
const SPREAD = 0.05;
const LONGEST_SPREAD_MS = 5;

interface Caller {
  key: string;
  /** When it asked for a turn, by `performance.now()`. */
  since: number;
  signal: AbortSignal;
}

/** Turns by one key of Redis each; the callers of one process stand in line, and only the first of them asks Redis. */
export class RedisRateLimiter extends RateLimiter implements OnApplicationShutdown {
  private readonly logger = new Logger(RedisRateLimiter.name);
  /** By key: settles when the last in line has had its turn or has left. */
  private readonly lines = new Map<string, Promise<void>>();
  private readonly redis: Redis;
  /** The first question that Redis has not answered since it last did. */
  private failingSince: number | undefined;

  constructor(
    config: Pick<Config, 'redis'>,
    private readonly patienceMs = PATIENCE_MS,
  ) {
    super();
    this.redis = new Redis(config.redis.url, {
      ...redisOptions,
      lazyConnect: true,
      // A question whose answer is lost is asked again, here: a turn that nobody takes does no harm.
      maxRetriesPerRequest: 0,
      commandTimeout: COMMAND_TIMEOUT_MS,
    });
    this.redis.on('error', (error: Error) => {
      this.logger.debug(`Redis: ${error.message}`);
    });
  }

  async take(key: string, perSecond: number, signal: AbortSignal): Promise<void> {
    if (!(perSecond > 0 && Number.isFinite(perSecond))) throw new RangeError('perSecond must be above 0');
    signal.throwIfAborted();
    const since = performance.now();
    const before = this.lines.get(key) ?? Promise.resolve();
    let leave: () => void = () => undefined;
    const left = new Promise<void>((resolve) => (leave = resolve));
    const line: Promise<void> = before
      .then(() => left)
      .then(() => {
        if (this.lines.get(key) === line) this.lines.delete(key);
      });
    this.lines.set(key, line);
    try {
      await untilAborted(before, signal);
      await this.turn(Math.ceil(MICROSECONDS / perSecond), { key: KEY_PREFIX + key, since, signal });
    } finally {
      leave();
    }
  }

  onApplicationShutdown(): void {
    this.redis.disconnect();
  }

  private async turn(gap: number, { key, since, signal }: Caller): Promise<void> {
    for (;;) {
      const wait = await this.ask(gap, { key, since, signal });
      if (wait === 0) return;
      // Timers are no finer than a millisecond: below that, asking again takes as long as there is to wait.
      if (wait < 1000) continue;
      const spread = Math.min((gap / 1000) * SPREAD, LONGEST_SPREAD_MS) * Math.random();
      await sleep(Math.min(LONGEST_SLEEP_MS, Math.ceil(wait / 1000 + spread)), signal);
    }
  }

  /** Asks until Redis answers. Throws `ServiceUnavailable` when it does not for too long: no turn is better than any. */
  private async ask(gap: number, { key, since, signal }: Caller): Promise<number> {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const askedAt = performance.now();
      try {
        const wait = Number(await untilAborted(this.redis.eval(TAKE_TURN, 1, key, gap), signal));
        this.failingSince = undefined;
        return wait;
      } catch (error) {
        signal.throwIfAborted();
        const failingSince = this.failing(askedAt, error);
        const stopped = this.redis.status === 'end';
        if (stopped || performance.now() + pause - Math.max(since, failingSince) > this.patienceMs) {
          throw new ServiceUnavailable('Requests to sources cannot be spaced right now. Try again in a moment.', {
            cause: error,
            retryAfter: 5,
          });
        }
      }
      await sleep(pause, signal);
    }
  }

  private failing(since: number, error: unknown): number {
    if (this.failingSince === undefined) {
      this.failingSince = since;
      this.logger.warn({ err: error, msg: 'Redis gives no turns; asking again' });
    }
    return this.failingSince;
  }
}

async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(milliseconds, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
