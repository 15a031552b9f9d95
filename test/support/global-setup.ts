import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { Child } from '../../src/local/child.js';
import { freePort } from '../../src/local/free-port.js';
import { ensureDatabase, startPostgres } from '../../src/local/postgres.js';
import { findRedis, installRedis } from '../../src/local/redis-binary.js';
import { startRedis } from '../../src/local/redis.js';
import { applyMigrations } from '../../src/platform/prisma/migrator.js';
import { TEMPLATE_DATABASE } from './database.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Of the maintenance database of a private PostgreSQL; the user is a superuser. */
    databaseUrl: string;
    redisUrl: string;
    s3Endpoint: string;
    /** The same server speaks both. */
    sqsEndpoint: string;
  }
}

const PASSWORD = 'only-for-tests';

/** Starts the servers that the tests talk to, once per run, and hands out their addresses. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'longhaul-test-'));
  const children: Child[] = [];
  const started = <T extends { child: Child }>(server: T): T => {
    children.push(server.child);
    process.once('exit', () => {
      server.child.stopNow();
    });
    return server;
  };
  const teardown = async (): Promise<void> => {
    await Promise.all(children.map((child) => child.stop()));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const starting = [
      startTestPostgres(folder).then(started),
      startTestRedis(folder, started),
      startS3(folder).then(started),
    ] as const;
    await Promise.allSettled(starting); // What did start has to be known before it can be stopped.
    const [postgres, redisUrl, s3] = await Promise.all(starting);
    await applyMigrations(await ensureDatabase(postgres.url, TEMPLATE_DATABASE));
    project.provide('databaseUrl', postgres.url);
    project.provide('redisUrl', redisUrl);
    project.provide('s3Endpoint', s3.url);
    project.provide('sqsEndpoint', s3.url);
  } catch (error) {
    await teardown();
    throw error;
  }
  return teardown;
}

async function startTestPostgres(folder: string) {
  return startPostgres({
    dataDir: join(folder, 'postgres'),
    logFile: join(folder, 'postgres.log'),
    password: PASSWORD,
    throwaway: true,
  });
}

/** REDIS_URL counts only where no server can be started: tests flush what they find. */
async function startTestRedis(folder: string, started: <T extends { child: Child }>(server: T) => T): Promise<string> {
  const given = process.env['REDIS_URL'];
  if (given !== undefined && given !== '' && (await findRedis()) === undefined) return given;
  if ((await findRedis()) === undefined) await installRedis(console.log);
  const server = await startRedis({
    dataDir: join(folder, 'redis'),
    logFile: join(folder, 'redis.log'),
    password: PASSWORD,
    throwaway: true,
    say: console.log,
  });
  return started(server).url;
}

async function startS3(folder: string): Promise<{ child: Child; url: string }> {
  const port = await freePort();
  const url = `http://127.0.0.1:${String(port)}`;
  const child = await Child.start({
    name: 'S3 server',
    command: process.execPath,
    args: [join(import.meta.dirname, 's3-server.ts'), String(port)],
    logFile: join(folder, 's3.log'),
    stopSignal: 'SIGTERM',
    stopSeconds: 5,
    ready: () =>
      fetch(`${url}/health`).then(
        (response) => response.ok,
        () => false,
      ),
    startSeconds: 30,
  });
  return { child, url };
}
