import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { DeadLetters } from '../../src/intake/dead-letters.js';
import { DeadLettersRepository } from '../../src/intake/dead-letters.repository.js';
import { IntakeMessagesRepository } from '../../src/intake/intake-messages.repository.js';
import { IntakeOutputsRepository } from '../../src/intake/intake-outputs.repository.js';
import { checkMessage } from '../../src/intake/message-check.js';
import { PrismaService } from '../../src/platform/prisma/prisma.service.js';
import { AwsSqs } from '../../src/platform/sqs/aws-sqs.js';
import { testConfig } from '../support/config.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { createQueue, SQS_CREDENTIALS, type TestQueue } from '../support/sqs.js';

for (const [name, value] of Object.entries(SQS_CREDENTIALS)) vi.stubEnv(name, value);

const never = new AbortController().signal;
const MAX_BYTES = 1024;

let database: TestDatabase;
let sql: pg.Client;
let prisma: PrismaService;
let queue: TestQueue;
const clients: AwsSqs[] = [];

beforeAll(async () => {
  database = await createDatabase();
  prisma = new PrismaService(testConfig({ DATABASE_URL: database.url }));
  sql = new pg.Client({ connectionString: database.url });
  await sql.connect();
});
beforeEach(async () => {
  await sql.query('TRUNCATE intake_messages');
  queue = await createQueue({ standard: true, attributes: { MaximumMessageSize: String(MAX_BYTES) } });
});
afterAll(async () => {
  for (const client of clients) client.onApplicationShutdown();
  await prisma.onApplicationShutdown();
  await sql.end();
  await database.drop();
});

function lettersTo(url: string): DeadLetters {
  const config = testConfig({ SQS_ENDPOINT: queue.endpoint, INTAKE_DEAD_LETTER_QUEUE_URL: url });
  const sqs = new AwsSqs(config);
  clients.push(sqs);
  return new DeadLetters(new DeadLettersRepository(prisma), new IntakeOutputsRepository(prisma), sqs, config);
}

async function reject(...bodies: string[]): Promise<void> {
  const routing = { field: 'genre', routes: {} };
  const messages = bodies.map((body) => checkMessage({ body: Buffer.from(body), group: null }, routing));
  await new IntakeMessagesRepository(prisma).accept('ann', messages);
}

/** Bodies of the messages of which somebody was told. */
async function told(): Promise<string[]> {
  const { rows } = await sql.query<{ body: Buffer }>(
    `SELECT body FROM intake_messages WHERE told_at BETWEEN now() - interval '1 minute' AND now() ORDER BY sequence`,
  );
  return rows.map(({ body }) => body.toString());
}

describe('dead letters', () => {
  it('are sent whatever is in them', async () => {
    const bodies = ['no JSON \ufffe', 'no JSON \uffff'];
    await reject(...bodies);
    await lettersTo(queue.url).send(never);
    expect(await told()).toEqual(bodies);
    const sent = (await queue.drain()).map(({ Body }) => (JSON.parse(Body ?? '') as { body: string }).body);
    expect(sent.sort()).toEqual(bodies);
  });

  it('that the queue refuses are not told, keep no others waiting and are left alone for a while', async () => {
    const large = 'x'.repeat(MAX_BYTES);
    await reject('one', large, 'two');
    const letters = lettersTo(queue.url);
    await letters.send(never);
    expect(await told()).toEqual(['one', 'two']);
    const left = await sql.query(`SELECT FROM intake_messages WHERE lease_until > now() + interval '30 minutes'`);
    expect(left.rowCount).toBe(1);
    await sql.query(`UPDATE intake_messages SET lease_until = now() - interval '1 second'`);
    await letters.send(never);
    expect(await told()).toEqual(['one', 'two']);
    expect(await queue.drain()).toHaveLength(2);
  });

  it('that could not be sent are not told', async () => {
    await reject('one');
    await expect(lettersTo(`${queue.url}-missing`).send(never)).rejects.toMatchObject({ code: 'service-unavailable' });
    expect(await told()).toEqual([]);
  });

  it('are left to others by one that is told to stop', async () => {
    await reject('one');
    await lettersTo(queue.url).send(AbortSignal.abort());
    expect(await queue.drain()).toEqual([]);
    await lettersTo(queue.url).send(never);
    expect(await told()).toEqual(['one']);
  });
});
