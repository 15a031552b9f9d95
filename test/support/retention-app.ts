import { Test, type TestingModule } from '@nestjs/testing';
import pg from 'pg';
import { inject } from 'vitest';
import { Config } from '../../src/config/config.js';
import { ConfigurationModule } from '../../src/config/configuration.module.js';
import { PrismaModule } from '../../src/platform/prisma/prisma.module.js';
import { QueueModule } from '../../src/platform/queue/queue.module.js';
import { OrphanSweep, type OrphanReport } from '../../src/retention/orphan-sweep.js';
import { Retention } from '../../src/retention/retention.js';
import { RetentionWorkerModule } from '../../src/retention/retention.module.js';
import { SweepTurnsRepository } from '../../src/retention/sweep-turns.repository.js';
import { RunSweeper } from '../../src/runs/run-sweeper.js';
import { RunsWorkerModule } from '../../src/runs/runs.module.js';
import { Storage } from '../../src/storage/storage.js';
import { testConfig } from './config.js';
import { createDatabase } from './database.js';

const HISTORY_SECONDS = 90 * 86_400;

/** All sweeps that remove files, with a database of their own; they sweep when a test asks for it. */
export class RetentionApp {
  readonly storage: Storage;
  readonly turns: SweepTurnsRepository;

  private constructor(
    private readonly app: TestingModule,
    readonly sql: pg.Client,
    private readonly drop: () => Promise<void>,
  ) {
    this.storage = app.get(Storage, { strict: false });
    this.turns = app.get(SweepTurnsRepository);
  }

  static async start(redisDatabase: number, environment: Readonly<Record<string, string>>): Promise<RetentionApp> {
    const database = await createDatabase();
    const config = testConfig({
      DATABASE_URL: database.url,
      REDIS_URL: `${inject('redisUrl')}/${String(redisDatabase)}`,
      RUN_SWEEP_SECONDS: '3600',
      ORPHAN_SWEEP: 'off',
      ...environment,
    });
    const app = await Test.createTestingModule({
      imports: [ConfigurationModule, PrismaModule, QueueModule, RunsWorkerModule, RetentionWorkerModule],
    })
      .overrideProvider(Config)
      .useValue(config)
      .compile();
    // Not initialised: no timer runs.
    const sql = new pg.Client({ connectionString: database.url });
    await sql.connect();
    return new RetentionApp(app, sql, async () => database.drop());
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.sql.end();
    await this.drop();
  }

  async sweepRuns(): Promise<void> {
    await this.app.get(RunSweeper).sweep(HISTORY_SECONDS);
  }

  async sweepOld(): Promise<void> {
    await this.app.get(Retention).sweep(new AbortController().signal);
  }

  async sweepOrphans(before: Date, { remove = true } = {}): Promise<OrphanReport> {
    return await this.app.get(OrphanSweep).sweep({ before, remove, goesOn: () => Promise.resolve(true) });
  }
}
