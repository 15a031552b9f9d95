import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SeededRandom } from '../../src/local/demo-random.js';
import { ask, digest, ORDERS, prepare, shuffled, tableIn, type Order } from '../support/chaos-load.js';
import { BASE } from '../support/client.js';
import { Deployment } from '../support/deployment.js';
import type { ServiceProcess } from '../support/processes.js';

const RUNS = 1000;
const KILL_EVERY_MS = 5000;
const AT_ONCE = 8;
const PATIENCE_MS = 900_000;
/** Set CHAOS_SEED to have the orders and the workers that are killed once more. */
const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);

interface Ended {
  status: string;
  attempt: number;
  artifacts: { key: string; sha256: string }[];
}

let deployment: Deployment;
let database: pg.Pool;
const live: ServiceProcess[] = [];

beforeAll(async () => {
  deployment = await Deployment.start({
    storage: 's3',
    workers: 0,
    environment: { RUN_LEASE_SECONDS: '5', RUN_SWEEP_SECONDS: '1', RUN_RETRY_DELAY_SECONDS: '1' },
  });
  live.push(await deployment.startWorker(), await deployment.startWorker());
  database = new pg.Pool({ connectionString: deployment.databaseUrl, max: 1 });
  await prepare(deployment.client);
  for (const order of ORDERS) order.expected ??= await resultInPeace(order);
}, PATIENCE_MS);
afterAll(async () => {
  await database.end();
  await deployment.stop();
});

it(
  'completes a thousand runs, each with one file, while workers are killed and Redis is flushed',
  async () => {
    const random = new SeededRandom(seed);
    const orders = shuffled(random);
    const startedAt = Date.now();
    const runs = new Map<string, Order>();
    const chaos = new AbortController();
    const killed = killAtRandom(random, chaos.signal);
    await inTurns(orders, async (order) => {
      runs.set(await ask(deployment.client, order), order);
    });
    await expect.poll(() => endedOf(runs), { timeout: PATIENCE_MS, interval: 250 }).toBeGreaterThan(RUNS / 2);
    await flushRedis();
    await expect.poll(() => endedOf(runs), { timeout: PATIENCE_MS, interval: 250 }).toBe(RUNS);
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    chaos.abort();
    const kills = await killed;

    const ended = await outcome(runs);
    const attempts = [...ended.values()].map(({ attempt }) => attempt);
    const again = attempts.filter((attempt) => attempt > 1).length;
    process.stdout.write(
      `chaos: seed ${String(seed)}, ${String(seconds)} s, ${String(kills)} workers killed, ` +
        `${String(again)} runs taken more than once, at most ${String(Math.max(...attempts))} times\n`,
    );
    expect(kills).toBeGreaterThan(0);
    expect([...ended.values()].filter(({ status }) => status !== 'completed')).toEqual([]);
    expect([...ended.values()].filter(({ artifacts }) => artifacts.length !== 1)).toEqual([]);
    await expect.poll(() => deployment.files.keys(''), { timeout: 60_000 }).toEqual(await keysInRows());
    expect(await deployment.files.unfinished()).toBe(0);
    await inTurns([...runs], async ([id, order]) => {
      expect(await contentOf(id, order, ended.get(id)?.artifacts[0]?.sha256)).toBe(order.expected);
    });
  },
  PATIENCE_MS,
);

/** Kills one of the workers every five seconds and starts another one in its place. */
async function killAtRandom(random: SeededRandom, until: AbortSignal): Promise<number> {
  let kills = 0;
  const next = () => delay(KILL_EVERY_MS, true, { signal: until }).catch(() => false);
  while (await next()) {
    const [victim] = live.splice(random.below(live.length), 1);
    await victim?.kill();
    kills += 1;
    live.push(await deployment.startWorker());
  }
  return kills;
}

async function flushRedis(): Promise<void> {
  const redis = new Redis(deployment.redisUrl);
  await redis.flushall();
  redis.disconnect();
}

async function endedOf(runs: ReadonlyMap<string, Order>): Promise<number> {
  const { rows } = await database.query<{ ended: number }>(
    'SELECT count(*)::int AS ended FROM runs WHERE finished_at IS NOT NULL AND id = ANY($1)',
    [[...runs.keys()]],
  );
  return rows[0]?.ended ?? 0;
}

async function outcome(runs: ReadonlyMap<string, Order>): Promise<Map<string, Ended>> {
  const { rows } = await database.query<Ended & { id: string }>(
    `SELECT id, status, attempt, (SELECT coalesce(json_agg(json_build_object('key', key, 'sha256', sha256)), '[]')
       FROM artifacts WHERE run_id = runs.id) AS artifacts FROM runs WHERE id = ANY($1)`,
    [[...runs.keys()]],
  );
  return new Map(rows.map(({ id, ...ended }) => [id, ended]));
}

/** Everything that a row points to. */
async function keysInRows(): Promise<string[]> {
  const { rows } = await database.query<{ key: string }>(
    `SELECT manifest->>'key' AS key FROM runs UNION SELECT key FROM artifacts UNION SELECT key FROM dataset_versions`,
  );
  return rows.map(({ key }) => key).sort();
}

async function resultInPeace(order: Order): Promise<string> {
  const id = await ask(deployment.client, order);
  await deployment.client.ended(id);
  return await contentOf(id, order);
}

/** Digest of the table in the file of a run, which has to be the file that the row says. */
async function contentOf(id: string, { resource, body }: Order, sha256?: string): Promise<string> {
  const { bytes } = await deployment.client.file(`${BASE}/${resource}/${id}/download`);
  if (sha256 !== undefined) expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
  return digest(await tableIn(bytes, body.format));
}

async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const turn = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, turn));
}
