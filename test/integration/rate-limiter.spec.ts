import { randomUUID } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { freePort } from '../../src/local/free-port.js';
import { ServiceUnavailable } from '../../src/common/errors.js';
import { RedisRateLimiter } from '../../src/platform/outbound/redis-rate-limiter.js';
import { TestServer } from '../support/http-server.js';

const redisUrl = inject('redisUrl');
const never = new AbortController().signal;
const limiters: RedisRateLimiter[] = [];
/** When Redis gave turns, in milliseconds of its own clock, by key. */
const turns = new Map<string, number[]>();
/** How often Redis was asked for one, by key. */
const questions = new Map<string, number>();
let redis: Redis;
let monitor: Redis;

function limiter(url = redisUrl, patienceMs?: number): RedisRateLimiter {
  const made = new RedisRateLimiter({ redis: { url } }, patienceMs);
  limiters.push(made);
  return made;
}

const freshKey = (): string => randomUUID();
const turnsOf = (key: string): number[] => turns.get(`longhaul:rate:${key}`) ?? [];
const gapsOf = (key: string): number[] =>
  turnsOf(key)
    .slice(1)
    .map((at, index) => at - turnsOf(key)[index]!);

beforeAll(async () => {
  redis = new Redis(redisUrl);
  monitor = await new Redis(redisUrl).monitor();
  // Only a turn that is given sets the key.
  monitor.on('monitor', (time: string, [command, key = '']: string[]) => {
    if (command?.toUpperCase() === 'GET') questions.set(key, (questions.get(key) ?? 0) + 1);
    if (command?.toUpperCase() === 'SET') turns.set(key, [...(turns.get(key) ?? []), Number(time) * 1000]);
  });
});
afterEach(() => {
  for (const made of limiters.splice(0)) made.onApplicationShutdown();
});
afterAll(() => {
  redis.disconnect();
  monitor.disconnect();
});

describe('turns of one key', () => {
  it('are waited for also when they are further away than a timer can count', async () => {
    const key = freshKey();
    const client = limiter();
    const warnings: string[] = [];
    const note = ({ name }: Error): void => void warnings.push(name);
    process.on('warning', note);
    const stop = new AbortController();
    await client.take(key, 1e-9, never);
    const second = client.take(key, 10, stop.signal);
    await expect.poll(() => questions.get(`longhaul:rate:${key}`)).toBe(2);
    // Another round trip: a timer that ends at once would have asked again before.
    await limiter().take(freshKey(), 10, never);
    stop.abort(new Error('enough'));
    await expect(second).rejects.toThrow('enough');
    process.off('warning', note);
    expect(warnings).toEqual([]);
    expect(questions.get(`longhaul:rate:${key}`)).toBe(2);
  });

  it('are apart by the rate, whoever takes them', async () => {
    const key = freshKey();
    const clients = [limiter(), limiter(), limiter()];
    let left = 100;
    const work = clients.flatMap((client) =>
      // Two callers in each process.
      [client, client].map(async () => {
        while (left-- > 0) await client.take(key, 50, never);
      }),
    );
    await Promise.all(work);
    await expect.poll(() => turnsOf(key)).toHaveLength(100);
    expect(Math.min(...gapsOf(key))).toBeGreaterThanOrEqual(19.8);
  });

  it('do not pile up while nobody takes them', async () => {
    const key = freshKey();
    const client = limiter();
    await client.take(key, 20, never);
    await expect.poll(() => redis.exists(`longhaul:rate:${key}`), { timeout: 10_000 }).toBe(0);
    await Promise.all([1, 2, 3].map(() => client.take(key, 20, never)));
    await expect.poll(() => turnsOf(key)).toHaveLength(4);
    expect(Math.min(...gapsOf(key))).toBeGreaterThanOrEqual(49.8);
  });

  it('come in the order of asking within a process', async () => {
    const key = freshKey();
    const client = limiter();
    const order: number[] = [];
    await Promise.all([0, 1, 2, 3, 4].map((n) => client.take(key, 100, never).then(() => order.push(n))));
    expect(order).toEqual([0, 1, 2, 3, 4]);
  });

  it('do not wait for those of another key', async () => {
    const client = limiter();
    const [slow, other] = [freshKey(), freshKey()];
    await client.take(slow, 0.01, never);
    await client.take(other, 0.01, never);
    await expect.poll(() => [turnsOf(slow).length, turnsOf(other).length]).toEqual([1, 1]);
  });

  it('leave nothing behind', async () => {
    const key = freshKey();
    await limiter().take(key, 0.5, never);
    const left = await redis.pttl(`longhaul:rate:${key}`);
    expect(left).toBeGreaterThan(1000);
    expect(left).toBeLessThanOrEqual(3000);
  });

  it.each([0, -1, NaN, Infinity])('cannot be taken %d times a second', async (rate) => {
    await expect(limiter().take(freshKey(), rate, never)).rejects.toThrow(RangeError);
  });
});

describe('a caller that aborts', () => {
  const reason = new Error('cancelled by its owner');

  it('rejects at once, and those behind it come earlier', async () => {
    const key = freshKey();
    const client = limiter();
    const stops = [new AbortController(), new AbortController()] as const;
    await client.take(key, 1, never);
    const gone = stops.map(({ signal }) => client.take(key, 1, signal).catch((error: unknown) => error));
    const behind = client.take(key, 1, never);
    const at = performance.now();
    // This one only stands in line; the other one waits for Redis.
    stops[1].abort(reason);
    expect(await gone[1]).toBe(reason);
    stops[0].abort(reason);
    expect(await gone[0]).toBe(reason);
    expect(performance.now() - at).toBeLessThan(500);
    await behind;
    await expect.poll(() => gapsOf(key)).toHaveLength(1);
    expect(gapsOf(key)[0]).toBeLessThan(1900);
  });

  it('as the last in line lets nobody pass those before it', async () => {
    const key = freshKey();
    const client = limiter();
    const order: number[] = [];
    await client.take(key, 20, never);
    const early = [1, 2, 3].map((n) => client.take(key, 20, never).then(() => order.push(n)));
    const stop = new AbortController();
    const gone = client.take(key, 20, stop.signal).catch((error: unknown) => error);
    stop.abort(reason);
    expect(await gone).toBe(reason);
    await Promise.all([...early, client.take(key, 20, never).then(() => order.push(4))]);
    expect(order).toEqual([1, 2, 3, 4]);
  });

  it('before it asks takes no turn', async () => {
    const key = freshKey();
    await expect(limiter().take(key, 1, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(await redis.exists(`longhaul:rate:${key}`)).toBe(0);
  });

  it('is not held by a Redis that is away', async () => {
    const stop = new AbortController();
    const work = limiter(`redis://127.0.0.1:${await freePort()}`).take(freshKey(), 1, stop.signal);
    stop.abort(reason);
    await expect(work).rejects.toBe(reason);
  });
});

describe('without Redis', () => {
  /** A door to Redis that can be shut. */
  class Door {
    private server: Server | undefined;
    private readonly sockets = new Set<Socket>();

    private constructor(readonly port: number) {}

    static async make(): Promise<Door> {
      return new Door(await freePort());
    }

    get url(): string {
      return Object.assign(new URL(redisUrl), { host: `127.0.0.1:${this.port}` }).href;
    }

    async open(): Promise<void> {
      const { hostname, port } = new URL(redisUrl);
      this.server = createServer((socket) => {
        const inner = connect(Number(port), hostname);
        for (const end of [socket, inner]) this.sockets.add(end.on('error', () => undefined));
        socket.pipe(inner).pipe(socket);
      });
      await new Promise<void>((resolve) => this.server?.listen(this.port, '127.0.0.1', resolve));
    }

    async shut(): Promise<void> {
      for (const socket of this.sockets) socket.destroy();
      await new Promise((resolve) => this.server?.close(resolve));
    }
  }

  it('a turn is waited for, and comes when Redis does', async () => {
    const key = freshKey();
    const door = await Door.make();
    const client = limiter(door.url);
    let taken = 0;
    const work = Promise.all([1, 2].map(() => client.take(key, 100, never).then(() => (taken += 1))));
    await expect(Promise.race([work, new Promise((resolve) => setTimeout(resolve, 300, 'waiting'))])).resolves.toBe(
      'waiting',
    );
    expect(taken).toBe(0);
    await door.open();
    await work;
    await door.shut();
    const again = client.take(key, 100, never);
    await door.open();
    await again;
    await expect.poll(() => turnsOf(key)).toHaveLength(3);
    await door.shut();
  });

  it('all who wait are sent away when it takes too long', async () => {
    const client = limiter(`redis://127.0.0.1:${await freePort()}`, 500);
    const at = performance.now();
    const ends = await Promise.allSettled([1, 2, 3].map(() => client.take('any', 1, never)));
    expect(performance.now() - at).toBeLessThan(3000);
    for (const end of ends) {
      expect(end.status === 'rejected' && end.reason).toBeInstanceOf(ServiceUnavailable);
      expect(end.status === 'rejected' && end.reason).toMatchObject({ retryable: true });
    }
  });

  it('so are they when it accepts and never answers', async () => {
    const dumb = await TestServer.raw('', 'hold');
    const work = limiter(`redis://127.0.0.1:${dumb.port}`, 500).take('any', 1, never);
    await expect(work).rejects.toBeInstanceOf(ServiceUnavailable);
    await dumb.stop();
  });

  it('and at once when the process ends', async () => {
    const key = freshKey();
    const client = limiter();
    await client.take(key, 2, never);
    const work = client.take(key, 2, never);
    client.onApplicationShutdown();
    await expect(work).rejects.toBeInstanceOf(ServiceUnavailable);
  });
});
