import { Test, type TestingModule } from '@nestjs/testing';
import pg from 'pg';
import { inject } from 'vitest';
import { Clock } from '../../src/common/clock.js';
import { Config } from '../../src/config/config.js';
import { ConfigurationModule } from '../../src/config/configuration.module.js';
import { PrismaModule } from '../../src/platform/prisma/prisma.module.js';
import { QueueModule } from '../../src/platform/queue/queue.module.js';
import { DefinitionsService } from '../../src/reports/definitions.service.js';
import type { Firing, Schedule } from '../../src/schedules/schedule.js';
import { parseSchedule } from '../../src/schedules/schedule-spec.js';
import { Scheduler } from '../../src/schedules/scheduler.js';
import { SchedulesService } from '../../src/schedules/schedules.service.js';
import { SchedulingModule } from '../../src/schedules/schedules.module.js';
import { testConfig } from './config.js';
import { createDatabase } from './database.js';

export const OWNER = 'ann';
/** Nothing is stopped. */
export const NEVER = new AbortController().signal;

/** A clock that stands still until a test moves it. */
export class FakeClock extends Clock {
  private time = new Date('2026-05-01T10:00:00Z');

  now(): Date {
    return this.time;
  }

  set(time: string | Date): void {
    this.time = new Date(time);
  }
}

interface RunRow {
  id: string;
  kind: string;
  name: string;
  parameters: Record<string, unknown>;
}

/** Several processes with schedules on one database, all with the same clock and none that ticks by itself. */
export class SchedulesApp {
  readonly schedules: SchedulesService;
  readonly definitions: DefinitionsService;

  private constructor(
    readonly processes: readonly TestingModule[],
    readonly clock: FakeClock,
    readonly sql: pg.Client,
    private readonly drop: () => Promise<void>,
  ) {
    this.schedules = this.get(SchedulesService);
    this.definitions = this.get(DefinitionsService);
  }

  static async start(redisDatabase: number, processes: number): Promise<SchedulesApp> {
    const database = await createDatabase();
    const redisUrl = `${inject('redisUrl')}/${String(redisDatabase)}`;
    const config = testConfig({ DATABASE_URL: database.url, REDIS_URL: redisUrl, RUN_SWEEP_SECONDS: '3600' });
    const clock = new FakeClock();
    const apps: TestingModule[] = [];
    for (let started = 0; started < processes; started += 1) {
      const app = await Test.createTestingModule({
        imports: [ConfigurationModule, PrismaModule, QueueModule, SchedulingModule],
      })
        .overrideProvider(Config)
        .useValue(config)
        .overrideProvider(Clock)
        .useValue(clock)
        .compile();
      apps.push(await app.init());
    }
    const sql = new pg.Client({ connectionString: database.url });
    await sql.connect();
    return new SchedulesApp(apps, clock, sql, async () => database.drop());
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.map(async (app) => app.close()));
    await this.sql.end();
    await this.drop();
  }

  get<T>(type: new (...given: never[]) => T, process = 0): T {
    return this.processes[process]!.get(type, { strict: false });
  }

  /** A schedule of a report that needs no data, at ten o'clock. */
  async create(overrides: Record<string, unknown> = {}): Promise<Schedule> {
    this.clock.set('2026-05-01T10:00:00Z');
    return await this.schedules.create(OWNER, parseSchedule(aSchedule(overrides)));
  }

  /** All processes look at the clock at once. */
  async tick(time: string | Date): Promise<void> {
    this.clock.set(time);
    await Promise.all(this.processes.map(async (_, index) => this.get(Scheduler, index).tick(NEVER)));
  }

  /** Newest first. */
  async history({ id }: Schedule): Promise<Firing[]> {
    const found = await this.schedules.history(OWNER, id, { after: null, limit: 1000 });
    return found.map(({ firing }) => firing);
  }

  /** Occurrences and outcomes, oldest first. */
  async outcomes(schedule: Schedule): Promise<[string, string][]> {
    const firings = await this.history(schedule);
    return firings.map(({ occurrence, outcome }): [string, string] => [occurrence.toISOString(), outcome]).reverse();
  }

  async runs(): Promise<RunRow[]> {
    return (await this.sql.query<RunRow>('SELECT id, kind, name, parameters FROM runs ORDER BY created_at')).rows;
  }

  /** As the workers would, in the end. */
  async endRuns(): Promise<void> {
    await this.sql.query(`UPDATE runs SET status = 'completed', finished_at = now()`);
  }

  /** No run, no schedule, no history. */
  async clear(): Promise<void> {
    await this.sql.query('TRUNCATE runs, schedules CASCADE');
  }
}

let made = 0;

export const aSchedule = (overrides: Record<string, unknown> = {}): Record<string, unknown> => ({
  name: `schedule ${String((made += 1))}`,
  cron: '0 * * * *',
  kind: 'report',
  body: { report_name: 'two-list-sum', list_a: [1], list_b: [2], target: 3 },
  ...overrides,
});
