import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from '../src/local/child.js';
import { freePort } from '../src/local/free-port.js';
import { ensureDatabase, startPostgres } from '../src/local/postgres.js';
import { startRedis } from '../src/local/redis.js';
import { applyMigrations } from '../src/platform/prisma/migrator.js';

const PASSWORD = 'only-for-benchmarks';
const API_KEY = 'lh_benchkey_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
/** What lets a request to our API in. */
export const CREDENTIAL = { 'X-API-Key': API_KEY } as const;
const SIGNING_KEY = 'a-signing-key-that-only-benchmarks-use';

/** Private servers and built processes in a temporary folder; all gone after `stop`. */
export class Servers {
  private readonly children: Child[] = [];

  private constructor(
    readonly folder: string,
    readonly databaseUrl: string,
    readonly redisUrl: string,
  ) {}

  static async start(): Promise<Servers> {
    const folder = await mkdtemp(join(tmpdir(), 'longhaul-bench-'));
    const options = { password: PASSWORD, throwaway: true };
    const postgres = await startPostgres({ ...options, dataDir: join(folder, 'pg'), logFile: join(folder, 'pg.log') });
    const redis = await startRedis({
      ...options,
      dataDir: join(folder, 'redis'),
      logFile: join(folder, 'redis.log'),
      say: console.log,
    });
    const databaseUrl = await ensureDatabase(postgres.url, 'bench');
    await applyMigrations(databaseUrl);
    const servers = new Servers(folder, databaseUrl, redis.url);
    servers.children.push(postgres.child, redis.child);
    return servers;
  }

  /** Starts Node with a script and waits for it. Returns its base URL. */
  async run(
    args: readonly [string, ...string[]],
    options: { probe: string; env?: Readonly<Record<string, string>> },
  ): Promise<Process> {
    const port = String(await freePort());
    const url = `http://127.0.0.1:${port}`;
    const child = await Child.start({
      name: args[0],
      command: process.execPath,
      args,
      env: {
        ...process.env,
        NODE_ENV: 'production',
        HOST: '127.0.0.1',
        PORT: port,
        WORKER_PORT: port,
        PUBLIC_URL: url,
        LOG_LEVEL: 'warn',
        DATABASE_URL: this.databaseUrl,
        REDIS_URL: this.redisUrl,
        STORAGE_ROOT: join(this.folder, 'storage'),
        STORAGE_SIGNING_KEY: SIGNING_KEY,
        BOOTSTRAP_API_KEY: API_KEY,
        SCRATCH_DIR: join(this.folder, 'scratch'),
        ...options.env,
      },
      logFile: join(this.folder, `${args.at(-1)?.replaceAll('/', '-') ?? ''}.log`),
      stopSignal: 'SIGTERM',
      stopSeconds: 30,
      startSeconds: 60,
      ready: async () => {
        try {
          return (await fetch(`${url}${options.probe}`)).ok;
        } catch {
          return false; // Not listening yet.
        }
      },
    });
    this.children.push(child);
    return { url, child };
  }

  async stop(): Promise<void> {
    for (const child of this.children.reverse()) await child.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

export interface Process {
  url: string;
  child: Child;
}
