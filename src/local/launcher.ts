import { join } from 'node:path';
import { isLoopback, parseEnvironment } from '../config/environment.js';
import { applyMigrations } from '../platform/prisma/migrator.js';
import { Child } from './child.js';
import { DemoSources } from './demo-sources.js';
import type { DataFolder } from './data-folder.js';
import { ensureDatabase, startPostgres } from './postgres.js';
import { startRedis } from './redis.js';
import { RUNTIME } from './runtime.js';
import { choosePorts, type LocalSettings, type Ports } from './settings.js';

const POSTGRES_PORT = 5432;
const REDIS_PORT = 6379;
const DATABASE = 'longhaul';
const APPLICATION_START_SECONDS = 60;
/** An API or worker that dies is started again, as an orchestrator would; one that keeps dying is not. */
const MAX_DEATHS = 5;
const DEATHS_WINDOW_MS = 60_000;
const DRAIN_SECONDS = 30;

export interface LauncherOptions {
  settings: LocalSettings;
  folder: DataFolder;
  /** Aborted to stop: by a request, or here with the story of a process that ended although nobody asked it to. */
  stop: AbortController;
  say: (line: string) => void;
}

interface Application {
  name: string;
  script: string;
  log: string;
  /** Base URL of its health routes. */
  url: string;
}

/** Starts the servers that are not given, then the API and the worker, and stops all of them in the opposite order. */
export class Launcher {
  private readonly servers: Child[] = [];
  private readonly applications: Child[] = [];
  /** Applications that are being started again. */
  private readonly restarts = new Set<Promise<void>>();
  private demo: DemoSources | undefined;
  private stopping = false;

  constructor(private readonly options: LauncherOptions) {}

  /** Pages of orders that exports can be tried on, if they are served. */
  get ordersUrl(): string | undefined {
    return this.demo?.ordersUrl;
  }

  /** Admin key of the default owner. */
  get adminKey(): string {
    return this.options.settings.adminKey ?? this.options.folder.secrets.adminKey;
  }

  /** Returns the base URL of the API once both API and worker are ready. */
  async start(): Promise<string> {
    const { settings, folder, say } = this.options;
    const database = this.database();
    const redis = this.redis();
    await this.settled([database, redis]);
    const [databaseUrl, redisUrl] = [await database, await redis];
    const applied = await applyMigrations(databaseUrl);
    if (applied.length > 0) say(`Applied the migrations ${applied.join(', ')}.`);
    const ports = await choosePorts(settings);
    const host = settings.host === '0.0.0.0' || settings.host === '127.0.0.1' ? 'localhost' : settings.host;
    const url = `http://${host}:${ports.api}`;
    if (settings.demoData) {
      const serverUrl = settings.databaseUrl === undefined ? databaseUrl : undefined;
      const password = folder.secrets.databasePassword;
      this.demo = await DemoSources.start({ port: ports.demoApi, serverUrl, password });
    }
    const environment = this.environment({ databaseUrl, redisUrl, url, ports });
    parseEnvironment(environment); // Says here what would otherwise stand twice in the logs of the children.
    say('Starting the API and the worker ...');
    const worker = { name: 'Worker', script: 'worker.js', log: 'worker', url: `http://${host}:${ports.worker}` };
    await this.settled([
      this.application({ name: 'API', script: 'main.js', log: 'api', url }, environment),
      this.application(worker, environment),
    ]);
    return url;
  }

  /** The applications drain while their servers are still there. */
  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.restarts);
    await Promise.all(this.applications.map((child) => child.stop()));
    await this.demo?.stop();
    await Promise.all(this.servers.map((child) => child.stop()));
    await this.options.folder.records.clear();
  }

  private async database(): Promise<string> {
    const { settings, folder, say, stop } = this.options;
    if (settings.databaseUrl !== undefined) return settings.databaseUrl;
    say('Starting PostgreSQL ...');
    const { child, url } = await startPostgres({
      dataDir: folder.of('postgres'),
      logFile: folder.log('postgres'),
      preferredPort: POSTGRES_PORT,
      password: folder.secrets.databasePassword,
      signal: stop.signal,
      onSpawn: (started) => folder.records.add(started),
    });
    this.watch(child, this.servers);
    return ensureDatabase(url, DATABASE);
  }

  private async redis(): Promise<string> {
    const { settings, folder, say, stop } = this.options;
    if (settings.redisUrl !== undefined) return settings.redisUrl;
    say('Starting Redis ...');
    const { child, url } = await startRedis({
      dataDir: folder.of('redis'),
      logFile: folder.log('redis'),
      preferredPort: REDIS_PORT,
      password: folder.secrets.redisPassword,
      say,
      signal: stop.signal,
      onSpawn: (started) => folder.records.add(started),
    });
    this.watch(child, this.servers);
    return url;
  }

  /** `deaths`: when earlier processes of the application ended although nobody asked them to. */
  private async application(
    application: Application,
    env: NodeJS.ProcessEnv,
    deaths: readonly number[] = [],
  ): Promise<void> {
    const { folder, stop, say } = this.options;
    const child = await Child.start({
      name: application.name,
      command: process.execPath,
      args: [join(import.meta.dirname, '..', application.script)],
      env,
      logFile: folder.log(application.log),
      keepLog: deaths.length > 0,
      stopSignal: 'SIGTERM',
      stopSeconds: DRAIN_SECONDS,
      ready: () => isReady(application.url),
      startSeconds: APPLICATION_START_SECONDS,
      signal: stop.signal,
      onSpawn: (started) => folder.records.add(started),
    });
    this.applications.push(child);
    void child.exited.then(async (how) => {
      if (this.stopping) return;
      const recent = [...deaths, Date.now()].filter((at) => at > Date.now() - DEATHS_WINDOW_MS);
      if (recent.length > MAX_DEATHS) {
        stop.abort(await child.failure(how));
        return;
      }
      say(`${application.name} ${how}; it is started again.`);
      this.restart(this.application(application, env, recent));
    });
  }

  private restart(starting: Promise<void>): void {
    const restart = starting
      .catch((error: unknown) => {
        this.options.stop.abort(error);
      })
      .finally(() => this.restarts.delete(restart));
    this.restarts.add(restart);
  }

  private environment(found: { databaseUrl: string; redisUrl: string; url: string; ports: Ports }): NodeJS.ProcessEnv {
    const { settings, folder } = this.options;
    return {
      ...RUNTIME,
      STORAGE_DRIVER: 'local',
      STORAGE_ROOT: folder.of('storage'),
      STORAGE_SIGNING_KEY: folder.secrets.storageSigningKey,
      WEBHOOK_SEAL_KEY: folder.secrets.webhookSealKey,
      SCRATCH_DIR: folder.of('scratch'),
      PUBLIC_URL: found.url,
      // Nothing stands before it that would have to notice.
      API_DRAIN_SECONDS: '0',
      BOOTSTRAP_API_KEY: this.adminKey,
      DOCS_AUTHORIZED: String(isLoopback(settings.host)),
      ...settings.environment,
      ...this.demo?.environment(settings.environment),
      HOST: settings.host,
      PORT: String(found.ports.api),
      WORKER_PORT: String(found.ports.worker),
      DATABASE_URL: found.databaseUrl,
      REDIS_URL: found.redisUrl,
    };
  }

  /** Without its database or Redis nothing else makes sense. */
  private watch(child: Child, group: Child[]): void {
    group.push(child);
    void child.exited.then(async (how) => {
      if (!this.stopping) this.options.stop.abort(await child.failure(how));
    });
  }

  /** Waits for all, as what did start has to be stopped; the first failure gives up the others and is thrown. */
  private async settled(work: readonly Promise<unknown>[]): Promise<void> {
    const { stop } = this.options;
    for (const one of work) {
      one.catch((error: unknown) => {
        stop.abort(error);
      });
    }
    await Promise.allSettled(work);
    stop.signal.throwIfAborted();
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(5000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false; // Not listening yet: asked again until the time is over.
  }
}
