import { Test, type TestingModule } from '@nestjs/testing';
import { Readable } from 'node:stream';
import pg from 'pg';
import { inject } from 'vitest';
import { Config } from '../../src/config/config.js';
import { ConfigurationModule } from '../../src/config/configuration.module.js';
import { PrismaModule } from '../../src/platform/prisma/prisma.module.js';
import { QueueModule } from '../../src/platform/queue/queue.module.js';
import type { RunContext, RunOutcome, RunWork } from '../../src/runs/run-context.js';
import { RunChangesRepository } from '../../src/runs/run-changes.repository.js';
import { RunClaimsRepository } from '../../src/runs/run-claims.repository.js';
import { RunCreator } from '../../src/runs/run-creator.js';
import { RunDispatcher } from '../../src/runs/run-dispatcher.js';
import { RunExecutor } from '../../src/runs/run-executor.js';
import type { NewRun, Run } from '../../src/runs/run.js';
import { RunsModule, RunsWorkerModule } from '../../src/runs/runs.module.js';
import { RunsService } from '../../src/runs/runs.service.js';
import { Storage } from '../../src/storage/storage.js';
import { testConfig } from './config.js';
import { createDatabase } from './database.js';

/** Takes any run, of an owner who has none of many in work. */
export const CLAIM = { workerId: 'w1', leaseSeconds: 60, runningLimit: 1000, shortOnly: false };

/** The runs part of a worker, with a database and local storage of its own and no sweep but the one that a test asks for. */
export class RunsApp {
  readonly runs: RunsService;
  readonly creator: RunCreator;
  readonly changes: RunChangesRepository;
  readonly claims: RunClaimsRepository;
  readonly dispatcher: RunDispatcher;
  readonly executor: RunExecutor;
  readonly storage: Storage;

  private constructor(
    readonly app: TestingModule,
    readonly sql: pg.Client,
    private readonly drop: () => Promise<void>,
  ) {
    this.runs = app.get(RunsService);
    this.creator = app.get(RunCreator);
    this.changes = app.get(RunChangesRepository);
    this.claims = app.get(RunClaimsRepository);
    this.dispatcher = app.get(RunDispatcher);
    this.executor = app.get(RunExecutor);
    this.storage = app.get(Storage, { strict: false });
  }

  static async start(redisDatabase: number, environment: Readonly<Record<string, string>> = {}): Promise<RunsApp> {
    const database = await createDatabase();
    const config = testConfig({
      DATABASE_URL: database.url,
      REDIS_URL: `${inject('redisUrl')}/${String(redisDatabase)}`,
      RUN_SWEEP_SECONDS: '3600',
      RUN_LEASE_SECONDS: '3',
      RUN_RETRY_DELAY_SECONDS: '1',
      RUN_MAX_ATTEMPTS: '2',
      DRAIN_SECONDS: '0',
      ...environment,
    });
    const app = await Test.createTestingModule({
      imports: [ConfigurationModule, PrismaModule, QueueModule, RunsModule, RunsWorkerModule],
    })
      .overrideProvider(Config)
      .useValue(config)
      .compile();
    await app.init();
    const sql = new pg.Client({ connectionString: database.url });
    await sql.connect();
    return new RunsApp(app, sql, async () => database.drop());
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.sql.end();
    await this.drop();
  }

  async create(overrides: Partial<NewRun> = {}): Promise<Run> {
    return (await this.creator.create(aRun(overrides))).run;
  }

  async show(run: Run): Promise<Run> {
    return await this.runs.get(run.owner, run.id);
  }

  /** Takes this run for a worker: the others of its kind are put aside meanwhile. Null if it is not to be had. */
  async claim(run: Run, worker = 'w1'): Promise<Run | null> {
    await this.sql.query(
      `UPDATE runs SET available_at = available_at + interval '100 years'
       WHERE status = 'queued' AND kind = $1 AND id <> $2 AND available_at <= now()`,
      [run.kind, run.id],
    );
    const claim = await this.claims.next(run.kind, { ...CLAIM, workerId: worker });
    await this.sql.query(
      `UPDATE runs SET available_at = available_at - interval '100 years' WHERE available_at > now() + interval '50 years'`,
    );
    return claim?.run ?? null;
  }

  /** Takes the run and sees it to its end. */
  async execute(run: Run, work: RunWork): Promise<void> {
    const claimed = await this.claim(run);
    if (claimed?.id !== run.id) throw new Error(`run ${run.id} could not be taken`);
    await this.executor.execute(claimed, work);
  }

  /** Work that writes a file for its attempt, then does what it is told. */
  work(then: (context: RunContext) => Promise<void> = async () => Promise.resolve()) {
    return async (context: RunContext): Promise<RunOutcome> => {
      const key = `${context.keyPrefix}result.parquet`;
      await this.storage.put(key, Readable.from(['rows']), { contentType: 'text/plain' });
      await then(context);
      return outcomeOf(context.run);
    };
  }

  /** Keys below the run's prefix. */
  async filesOf(run: Run): Promise<string[]> {
    const prefix = `runs/${run.id}/`;
    return (await Array.fromAsync(this.storage.list(prefix))).map(({ key }) => key.slice(prefix.length));
  }
}

export const aRun = (overrides: Partial<NewRun> = {}): NewRun => ({
  owner: 'ann',
  kind: 'report',
  name: 'a-report',
  definitionVersion: 1,
  parameters: { limit: 3 },
  format: 'csv',
  formatOptions: {},
  timeZone: 'UTC',
  inputs: [],
  timeoutSeconds: null,
  maxAgeSeconds: 0,
  idempotency: null,
  requestId: null,
  callbackUrl: null,
  traceparent: null,
  ...overrides,
});

export const outcomeOf = (run: Run): RunOutcome => ({
  artifact: null,
  manifest: {
    rows: 5, bytes: 1, sha256: 'x', key: `runs/${run.id}/${String(run.attempt)}/result.parquet`, columns: [],
    definition: { name: run.name, version: 1 }, datasets: [], parameters: {}, asOf: '', engine: '', warnings: [],
    source: null,
  }, // prettier-ignore
});
