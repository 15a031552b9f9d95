import { Test, type TestingModule } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { Config } from '../../src/config/config.js';
import { ConfigurationModule } from '../../src/config/configuration.module.js';
import { HealthModule } from '../../src/health/health.module.js';
import { HealthService } from '../../src/health/health.service.js';
import { PrismaModule } from '../../src/platform/prisma/prisma.module.js';
import { QueueModule } from '../../src/platform/queue/queue.module.js';
import { testConfig } from '../support/config.js';
import { createQueue, SQS_CREDENTIALS } from '../support/sqs.js';

for (const [name, value] of Object.entries(SQS_CREDENTIALS)) vi.stubEnv(name, value);

let app: TestingModule;
let services: Record<string, string>;
const nameOf = (url: string): string => `queue:${url.slice(url.lastIndexOf('/') + 1)}`;

beforeAll(async () => {
  const [input, events] = await Promise.all([createQueue(), createQueue({ standard: true })]);
  const config = testConfig({
    DATABASE_URL: inject('databaseUrl'),
    REDIS_URL: inject('redisUrl'),
    SQS_ENDPOINT: input.endpoint,
    INTAKE_QUEUE_URL: input.url,
    INTAKE_DEAD_LETTER_QUEUE_URL: `${events.url}-missing`,
    EVENTS_QUEUE_URL: events.url,
  });
  app = await Test.createTestingModule({ imports: [ConfigurationModule, PrismaModule, QueueModule, HealthModule] })
    .overrideProvider(Config)
    .useValue(config)
    .compile();
  services = {
    [nameOf(input.url)]: 'available',
    [nameOf(events.url)]: 'available',
    [nameOf(`${events.url}-missing`)]: 'unavailable',
  };
});
afterAll(async () => {
  await app.close();
});

describe('the overview', () => {
  it('shows the queues that are configured, each by its name', async () => {
    const overview = await app.get(HealthService).overview();
    expect(overview.statusCode).toBe(503);
    expect(overview.body.services).toEqual({
      ...{ database: 'available', redis: 'available', storage: 'available' },
      ...services,
    });
  });
});
