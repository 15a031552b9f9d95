import { mkdir } from 'node:fs/promises';
import { Redis } from 'ioredis';
import { Child } from './child.js';
import { freePort } from './free-port.js';
import { findRedis, installRedis } from './redis-binary.js';

export interface RedisOptions {
  dataDir: string;
  logFile: string;
  /** Used when it is free; any other else. */
  preferredPort?: number;
  password: string;
  /** For throwaway data: nothing is written to disk. */
  throwaway?: boolean;
  /** Told what is being done, for the person who waits. */
  say: (line: string) => void;
  signal?: AbortSignal;
  onSpawn?: (child: Child) => Promise<void>;
}

export interface RunningRedis {
  child: Child;
  url: string;
}

const START_SECONDS = 30;

/** Starts a private Redis (or Valkey) on 127.0.0.1; installs one when there is none and that is possible without asking. */
export async function startRedis(options: RedisOptions): Promise<RunningRedis> {
  const command = (await findRedis()) ?? (await installRedis(options.say));
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  const port = await freePort(options.preferredPort);
  const url = `redis://:${options.password}@127.0.0.1:${port}`;
  const child = await Child.start({
    name: 'Redis',
    command,
    args: ['-'],
    cwd: options.dataDir,
    logFile: options.logFile,
    input: settings(options, port),
    stopSignal: 'SIGTERM',
    stopSeconds: 20,
    ready: () => answers(url),
    startSeconds: START_SECONDS,
    signal: options.signal,
    onSpawn: options.onSpawn,
  });
  return { child, url };
}

/** Given on standard input: a password among the arguments would show in the process list. */
function settings({ password, throwaway }: RedisOptions, port: number): string {
  return [
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${password}`,
    'daemonize no',
    'save ""',
    `appendonly ${throwaway ? 'no' : 'yes'}`,
    'maxmemory-policy noeviction',
  ].join('\n');
}

async function answers(url: string): Promise<boolean> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: null, maxRetriesPerRequest: 0 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.ping();
    return true;
  } catch {
    return false; // Not up yet: the caller asks again until its time is over.
  } finally {
    client.disconnect();
  }
}
