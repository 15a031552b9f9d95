import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { IntakeMessagesRepository } from '../../src/intake/intake-messages.repository.js';
import { IntakeOutputsRepository } from '../../src/intake/intake-outputs.repository.js';
import { IntakeRetention } from '../../src/intake/intake-retention.js';
import { IntakeRetentionRepository } from '../../src/intake/intake-retention.repository.js';
import { checkMessage } from '../../src/intake/message-check.js';
import { PrismaService } from '../../src/platform/prisma/prisma.service.js';
import { testConfig } from '../support/config.js';
import { createDatabase, type TestDatabase } from '../support/database.js';

const OWNER = 'ann';
const ROUTING = { field: 'genre', routes: { scifi: 'scifi' } };
const LETTERS = { INTAKE_DEAD_LETTER_QUEUE_URL: 'http://127.0.0.1:1/letters.fifo' };
const never = new AbortController().signal;

let database: TestDatabase;
let sql: pg.Client;
let prisma: PrismaService;
let messages: IntakeMessagesRepository;

beforeAll(async () => {
  database = await createDatabase();
  prisma = new PrismaService(testConfig({ DATABASE_URL: database.url }));
  messages = new IntakeMessagesRepository(prisma);
  sql = new pg.Client({ connectionString: database.url });
  await sql.connect();
});
beforeEach(async () => {
  await sql.query('TRUNCATE intake_messages, intake_names, intake_outputs');
});
afterAll(async () => {
  await prisma.onApplicationShutdown();
  await sql.end();
  await database.drop();
});

async function accept(id: string, title = id): Promise<string | null> {
  const body = Buffer.from(JSON.stringify({ id, title, genre: 'scifi' }));
  const [receipt] = await messages.accept(OWNER, [checkMessage({ body, group: null }, ROUTING)]);
  return receipt?.message.key ?? null;
}

async function made(state: string, { told, days }: { told: boolean; days: number }): Promise<string> {
  const id = `${state}, ${told ? 'told' : 'untold'}, ${String(days)} days`;
  await accept(id);
  await sql.query(
    `UPDATE intake_messages SET state = $2::intake_state, finished_at = now() - $3 * interval '1 day',
       created_at = now() - $3 * interval '1 day', told_at = CASE WHEN $4 THEN now() END WHERE message_id = $1`,
    [id, state, days, told],
  );
  return id;
}

async function sweep(environment: Record<string, string> = {}, signal = never): Promise<void> {
  await new IntakeRetention(new IntakeRetentionRepository(prisma), testConfig(environment)).sweep(signal);
}

async function left(): Promise<string[]> {
  const { rows } = await sql.query<{ id: string }>('SELECT message_id AS id FROM intake_messages ORDER BY sequence');
  return rows.map(({ id }) => id);
}

it('removes messages when they are old, finished and told, and nothing else', async () => {
  const old = { days: 31 };
  await made('stored', { told: true, ...old });
  await made('started', { told: false, ...old });
  await made('rejected', { told: true, ...old });
  const kept = [
    await made('stored', { told: true, days: 29 }),
    await made('stored', { told: false, ...old }),
    await made('rejected', { told: false, ...old }),
    await made('rejected', { told: true, days: 29 }),
  ];
  await accept('waits');
  await sql.query(`UPDATE intake_messages SET created_at = now() - interval '1 year' WHERE message_id = 'waits'`);
  await sweep(LETTERS, AbortSignal.abort());
  expect(await left()).toHaveLength(8);
  await sweep(LETTERS);
  expect(await left()).toEqual([...kept, 'waits']);
  // Where letters are not sent, there is nothing to tell of a rejected message.
  await sweep();
  expect(await left()).toEqual([kept[0], kept[1], kept[3], 'waits']);
});

it('removes all that is old, in steps', async () => {
  await sql.query(`
    INSERT INTO intake_messages (id, owner, identity, type, "group", body, state, finished_at, told_at)
    SELECT gen_random_uuid(), 'ann', 'id:' || n, 'document', 'g', '', 'stored', now() - interval '31 days', now()
    FROM generate_series(1, 2001) AS n`);
  await sweep();
  expect(await left()).toEqual([]);
});

it('keeps a message for as long as its output, and outputs for as long as they are young', async () => {
  const id = await made('stored', { told: true, days: 31 });
  const body = { file_name: `${id}.json`, bucket: 'scifi', id };
  const outputs = new IntakeOutputsRepository(prisma);
  await outputs.keep([{ owner: OWNER, group: 'scifi', body }]);
  await sweep();
  expect(await left()).toEqual([id]);
  expect(await outputs.list(OWNER, { after: 0n, limit: 10 })).toHaveLength(1);
  await sql.query(`UPDATE intake_outputs SET created_at = now() - interval '31 days'`);
  await sweep();
  expect(await left()).toEqual([]);
  expect(await outputs.list(OWNER, { after: 0n, limit: 10 })).toEqual([]);
});

it('takes an id again as that of a new message, which gets another name than the document before', async () => {
  const id = await made('stored', { told: true, days: 31 });
  await sweep();
  expect(await accept(id)).toMatch(/^stored, told, 31 days-[\da-f]{12}\.json$/);
  expect(await accept('other', id)).toBe('stored, told, 31 days-other.json');
});
