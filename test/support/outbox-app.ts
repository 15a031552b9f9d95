import { Test, type TestingModule } from '@nestjs/testing';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { Config } from '../../src/config/config.js';
import { ConfigurationModule } from '../../src/config/configuration.module.js';
import { OutboxSink, type NewOutboxEvent, type OutboxEvent } from '../../src/outbox/outbox-event.js';
import { OutboxModule, OutboxWorkerModule } from '../../src/outbox/outbox.module.js';
import { OutboxSinks } from '../../src/outbox/outbox-sinks.js';
import { OutboxWriter } from '../../src/outbox/outbox-writer.js';
import { PrismaModule } from '../../src/platform/prisma/prisma.module.js';
import { PrismaService } from '../../src/platform/prisma/prisma.service.js';
import { QueueModule } from '../../src/platform/queue/queue.module.js';
import { testConfig } from './config.js';
import { createDatabase, type TestDatabase } from './database.js';

/** Notes what it takes; `before` may wait or throw first. */
export class RecordingSink extends OutboxSink {
  readonly taken: OutboxEvent[] = [];

  constructor(
    readonly name: string,
    private readonly before: (event: OutboxEvent) => Promise<void> = async () => Promise.resolve(),
  ) {
    super();
  }

  async take(event: OutboxEvent): Promise<void> {
    await this.before(event);
    this.taken.push(event);
  }

  of(stream: string): unknown[] {
    return this.taken.filter((event) => event.stream === stream).map(({ data }) => data['n']);
  }
}

/** An outbox in a database of its own, and any number of workers that tell what is in it. */
export class OutboxApp {
  private readonly workers: TestingModule[] = [];

  private constructor(
    readonly sql: pg.Client,
    readonly writer: OutboxWriter,
    readonly prisma: PrismaService,
    private readonly parts: { database: TestDatabase; environment: Record<string, string>; api: TestingModule },
  ) {}

  static async start(redisDatabase: number): Promise<OutboxApp> {
    const database = await createDatabase();
    const environment = {
      DATABASE_URL: database.url,
      REDIS_URL: `${inject('redisUrl')}/${String(redisDatabase)}`,
    };
    const api = await compile(environment, false);
    const sql = new pg.Client({ connectionString: database.url });
    await sql.connect();
    return new OutboxApp(sql, api.get(OutboxWriter, { strict: false }), api.get(PrismaService, { strict: false }), {
      ...{ database, environment, api },
    });
  }

  async work(sinks: OutboxSink[], environment: Record<string, string> = {}): Promise<TestingModule> {
    const worker = await compile({ ...this.parts.environment, ...environment }, true);
    for (const sink of sinks) worker.get(OutboxSinks, { strict: false }).register(sink);
    await worker.init();
    this.workers.push(worker);
    return worker;
  }

  async append(...events: NewOutboxEvent[]): Promise<void> {
    await this.prisma.$transaction(async (tx) => {
      for (const event of events) await this.writer.append(tx, event);
    });
    await this.writer.wake();
  }

  /** Many at once, without a wake-up: `streams` by turns, numbered from 0 in each. */
  async fill(count: number, streams: number): Promise<void> {
    await this.sql.query(
      `INSERT INTO outbox_events (id, owner, stream, type, data)
       SELECT gen_random_uuid(), 'ann', 's' || n % $2, 'report.completed', jsonb_build_object('n', n / $2)
       FROM generate_series(0, $1::int - 1) AS n ORDER BY n`,
      [count, streams],
    );
  }

  async open(): Promise<number> {
    const { rows } = await this.sql.query<{ n: number }>(
      'SELECT count(*)::int AS n FROM outbox_events WHERE done_at IS NULL',
    );
    return rows[0]?.n ?? -1;
  }

  async stopWorkers(): Promise<void> {
    await Promise.all(this.workers.splice(0).map(async (worker) => worker.close()));
  }

  async stop(): Promise<void> {
    await this.stopWorkers();
    await this.parts.api.close();
    await this.sql.end();
    await this.parts.database.drop();
  }
}

async function compile(environment: Record<string, string>, works: boolean): Promise<TestingModule> {
  const imports = [ConfigurationModule, PrismaModule, QueueModule, works ? OutboxWorkerModule : OutboxModule];
  return await Test.createTestingModule({ imports })
    .overrideProvider(Config)
    .useValue(testConfig(environment))
    .compile();
}

export const anEvent = (stream: string, n: number): NewOutboxEvent => ({
  ...{ id: randomUUID(), owner: 'ann', stream, type: 'report.completed', data: { n }, callbackUrl: null },
});
