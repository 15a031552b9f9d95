import { Test, type TestingModule } from '@nestjs/testing';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { inject } from 'vitest';
import { Config } from '../../src/config/config.js';
import { ConfigurationModule } from '../../src/config/configuration.module.js';
import type { OutboxEvent } from '../../src/outbox/outbox-event.js';
import { PrismaModule } from '../../src/platform/prisma/prisma.module.js';
import { QueueModule } from '../../src/platform/queue/queue.module.js';
import { DeliveryLoop } from '../../src/webhooks/delivery-loop.js';
import { DeliverySender } from '../../src/webhooks/delivery-sender.js';
import { RetrySchedule } from '../../src/webhooks/retry-schedule.js';
import type { Delivery, DeliveryScope } from '../../src/webhooks/webhook.js';
import { WebhookDeliveries } from '../../src/webhooks/webhook-deliveries.service.js';
import { WebhooksModule, WebhooksWorkerModule } from '../../src/webhooks/webhooks.module.js';
import { type EndpointRequest, type SecretEndpoint, WebhooksService } from '../../src/webhooks/webhooks.service.js';
import { WebhooksSink } from '../../src/webhooks/webhooks.sink.js';
import { testConfig } from './config.js';
import { createDatabase, type TestDatabase } from './database.js';

const OWNER = 'ann';

/** Tries again at once, nine times. */
const AT_ONCE = new RetrySchedule(Array.from({ length: 9 }, () => 0));

/** The webhooks of an API and of as many workers as the test likes, which send when the test says so. */
export class WebhooksApp {
  readonly webhooks: WebhooksService;
  readonly deliveries: WebhookDeliveries;
  readonly sink: WebhooksSink;
  readonly sender: DeliverySender;

  private constructor(
    readonly app: TestingModule,
    readonly sql: pg.Client,
    private readonly database: TestDatabase,
  ) {
    this.webhooks = app.get(WebhooksService);
    this.deliveries = app.get(WebhookDeliveries);
    this.sink = app.get(WebhooksSink);
    this.sender = app.get(DeliverySender);
  }

  static async start(
    environment: Readonly<Record<string, string>> = {},
    { schedule = AT_ONCE, beside }: { schedule?: RetrySchedule; beside?: WebhooksApp } = {},
  ): Promise<WebhooksApp> {
    const database = beside?.database ?? (await createDatabase());
    const config = testConfig({
      DATABASE_URL: database.url,
      REDIS_URL: `${inject('redisUrl')}/7`,
      WEBHOOK_SEAL_KEY: 'a-seal-key-that-only-tests-use!!',
      WEBHOOK_TIMEOUT_SECONDS: '2',
      OUTBOUND_ALLOW: '127.0.0.1',
      ...environment,
    });
    const app = await Test.createTestingModule({
      imports: [ConfigurationModule, PrismaModule, QueueModule, WebhooksModule, WebhooksWorkerModule],
    })
      .overrideProvider(Config)
      .useValue(config)
      .overrideProvider(RetrySchedule)
      .useValue(schedule)
      .overrideProvider(DeliveryLoop)
      .useValue({})
      .compile();
    await app.init();
    const sql = new pg.Client({ connectionString: database.url });
    await sql.connect();
    return new WebhooksApp(app, sql, database);
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.sql.end();
    await this.database.drop();
  }

  async endpoint(url: string, request: Partial<EndpointRequest> & { owner?: string } = {}): Promise<SecretEndpoint> {
    const { owner = OWNER, ...rest } = request;
    return await this.webhooks.create(owner, { url, events: ['*'], description: null, enabled: true, ...rest });
  }

  /** An event that the outbox has; told when `take` is called with it. */
  async event(overrides: Partial<OutboxEvent> = {}): Promise<OutboxEvent> {
    const id = uuidv7();
    const event = {
      ...{ sequence: 1n, id, owner: OWNER, stream: `run:${id}`, type: 'report.completed' },
      ...{ data: { report_id: id, status: 'completed' }, callbackUrl: null, createdAt: new Date() },
      ...overrides,
    };
    await this.sql.query(
      `INSERT INTO outbox_events (id, owner, stream, type, data, callback_url, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [event.id, event.owner, event.stream, event.type, event.data, event.callbackUrl, event.createdAt],
    );
    return event;
  }

  async told(overrides: Partial<OutboxEvent> = {}): Promise<OutboxEvent> {
    const event = await this.event(overrides);
    await this.sink.take(event);
    return event;
  }

  /** Sends once what is due. How many were sent. */
  async send(limit = 100): Promise<number> {
    const claims = await this.sender.claim(limit);
    await Promise.all(claims.map((claim) => this.sender.deliver(claim, new AbortController().signal)));
    return claims.length;
  }

  async listed(endpointId: string | null, owner = OWNER): Promise<Delivery[]> {
    const scope: DeliveryScope = { owner, endpointId };
    return (await this.deliveries.list(scope, { status: undefined, limit: 100, cursor: undefined })).deliveries;
  }
}
