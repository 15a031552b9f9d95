import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis, type RunningRedis } from '../../src/local/redis.js';
import { Client, TEST_KEY } from './client.js';
import { createDatabase, type TestDatabase } from './database.js';
import { API, removeFolder, ServiceProcess, WORKER, type Environment, type TinyDisk } from './processes.js';
import { localFiles, s3Files, type StoredFiles } from './stored-files.js';

const PASSWORD = 'only-for-tests';

export interface DeploymentOptions {
  storage?: 'local' | 's3';
  /** How many workers start with it; default 1. */
  workers?: number;
  /** Instead of one on the server that all tests share. */
  database?: TestDatabase;
  /** On top of what every process gets. */
  environment?: Environment;
}

/** The built service as real processes, with a database, a Redis and a storage that nobody else uses. */
export class Deployment {
  api!: ServiceProcess;
  client!: Client;
  readonly workers: ServiceProcess[] = [];
  private readonly processes: ServiceProcess[] = [];
  private started = 0;

  private constructor(
    readonly folder: string,
    private readonly database: TestDatabase,
    private redis: RunningRedis,
    readonly files: StoredFiles,
    private readonly environment: Environment,
  ) {}

  static async start(options: DeploymentOptions = {}): Promise<Deployment> {
    const folder = await mkdtemp(join(tmpdir(), 'longhaul-deployment-'));
    const [database, redis, files] = await Promise.all([
      options.database ?? createDatabase(),
      openRedis(folder),
      options.storage === 's3' ? s3Files() : localFiles(join(folder, 'storage')),
    ]);
    const environment = {
      HOST: '127.0.0.1',
      LOG_LEVEL: 'warn',
      API_DRAIN_SECONDS: '0',
      DATABASE_URL: database.url,
      DATABASE_POOL_SIZE: '5',
      REDIS_URL: redis.url,
      BOOTSTRAP_API_KEY: TEST_KEY,
      ...files.environment,
      ...options.environment,
    };
    const deployment = new Deployment(folder, database, redis, files, environment);
    try {
      const workers = Array.from({ length: options.workers ?? 1 }, () => deployment.startWorker());
      await Promise.all([deployment.startApi(), ...workers]);
    } catch (error) {
      await deployment.stop();
      throw error;
    }
    return deployment;
  }

  async startApi(environment: Environment = {}): Promise<ServiceProcess> {
    this.api = await this.launch(API, environment);
    this.client = new Client(this.api.url);
    return this.api;
  }

  async startWorker(environment: Environment = {}, disk?: TinyDisk): Promise<ServiceProcess> {
    const worker = await this.launch({ ...WORKER, disk }, environment);
    this.workers.push(worker);
    return worker;
  }

  get databaseUrl(): string {
    return this.database.url;
  }

  get redisUrl(): string {
    return this.redis.url;
  }

  async stopRedis(): Promise<void> {
    await this.redis.child.stop();
  }

  /** An empty Redis at the address of the one before. */
  async restartRedis(): Promise<void> {
    this.redis = await openRedis(this.folder, Number(new URL(this.redis.url).port));
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.stop()));
    await Promise.all([this.redis.child.stop(), this.files.close(), this.database.drop()]);
    await removeFolder(this.folder);
  }

  private async launch(kind: typeof API, environment: Environment): Promise<ServiceProcess> {
    this.started += 1;
    const folder = join(this.folder, `${kind.name}-${String(this.started)}`);
    const process = await ServiceProcess.start(kind, folder, { ...this.environment, ...environment });
    this.processes.push(process);
    return process;
  }
}

async function openRedis(folder: string, preferredPort = 0): Promise<RunningRedis> {
  const dataDir = join(folder, 'redis');
  await mkdir(dataDir, { recursive: true });
  const logFile = join(folder, 'redis.log');
  return await startRedis({ dataDir, logFile, preferredPort, password: PASSWORD, throwaway: true, say: console.log });
}
