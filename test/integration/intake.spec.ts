import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { IntakeMessagesRepository } from '../../src/intake/intake-messages.repository.js';
import { IntakeState, type Receipt } from '../../src/intake/intake-message.js';
import type { Outcome, WaitingMessage } from '../../src/intake/intake-work.js';
import { IntakeOutputsRepository } from '../../src/intake/intake-outputs.repository.js';
import { IntakeWorkRepository } from '../../src/intake/intake-work.repository.js';
import { checkMessage } from '../../src/intake/message-check.js';
import { OutboxRepository } from '../../src/outbox/outbox.repository.js';
import { OutboxWriter } from '../../src/outbox/outbox-writer.js';
import { PrismaService } from '../../src/platform/prisma/prisma.service.js';
import { RedisBroadcast } from '../../src/platform/queue/redis-broadcast.js';
import { testConfig } from '../support/config.js';
import { createDatabase, type TestDatabase } from '../support/database.js';

const OWNER = 'ann';
const GROUP = { owner: OWNER, group: 'scifi' };
const ROUTING = { field: 'genre', routes: { romance: 'romance', scifi: 'scifi' } };
const LEASE = { limit: 10, leaseSeconds: 60 };

let database: TestDatabase;
let sql: pg.Client;
let processes: PrismaService[];
let broadcast: RedisBroadcast;
let messages: IntakeMessagesRepository;
let work: IntakeWorkRepository;

beforeAll(async () => {
  database = await createDatabase();
  const config = testConfig({ DATABASE_URL: database.url, REDIS_URL: `${inject('redisUrl')}/11` });
  processes = [new PrismaService(config), new PrismaService(config)];
  broadcast = new RedisBroadcast(config);
  const outbox = new OutboxWriter(new OutboxRepository(processes[0]!), broadcast);
  messages = new IntakeMessagesRepository(processes[0]!);
  work = new IntakeWorkRepository(processes[0]!, outbox);
  sql = new pg.Client({ connectionString: database.url });
  await sql.connect();
});
beforeEach(async () => {
  await sql.query('TRUNCATE intake_messages, intake_names, intake_outputs, outbox_events CASCADE');
});
afterAll(async () => {
  broadcast.onApplicationShutdown();
  for (const process of processes) await process.onApplicationShutdown();
  await sql.end();
  await database.drop();
});

const checked = (fields: object) => checkMessage({ body: Buffer.from(JSON.stringify(fields)), group: null }, ROUTING);
const document = (id: string, title = `T${id}`, genre = 'scifi') => checked({ id, title, genre });
const accept = (...ids: string[]): Promise<Receipt[]> =>
  messages.accept(
    OWNER,
    ids.map((id) => document(id)),
  );
const stored = (message: WaitingMessage): Outcome => ({
  ...{ message, state: IntakeState.Stored, runId: null, reason: null },
});
const events = async (): Promise<string[]> => {
  const { rows } = await sql.query<{ id: string }>("SELECT data ->> 'id' AS id FROM outbox_events ORDER BY sequence");
  return rows.map(({ id }) => id);
};

describe('messages that arrive at the same time', () => {
  it('get names of their own, whoever writes them', async () => {
    const batches = Array.from({ length: 16 }, (_, batch) =>
      new IntakeMessagesRepository(processes[batch % 2]!).accept(
        OWNER,
        Array.from({ length: 10 }, (_, index) => document(`${String(batch)}-${String(index)}`, 'Same title')),
      ),
    );
    const keys = (await Promise.all(batches)).flat().map(({ message }) => message.key);
    expect(new Set(keys).size).toBe(160);
    expect(keys).toContain('Same title.json');
  });

  it('look for another name when the one that was free is taken before they have it', async () => {
    await sql.query('BEGIN');
    await sql.query(`INSERT INTO intake_messages (id, owner, identity, type, "group", body, bucket, key)
      VALUES (gen_random_uuid(), 'bob', 'id:1', 'document', 'g', '', 'scifi', 'Wanted.json')`);
    const accepted = messages.accept(OWNER, [document('a', 'Before'), document('b', 'Wanted'), document('c', 'After')]);
    await expect.poll(waiting).toBe(1);
    await sql.query('COMMIT');
    const keys = (await accepted).map(({ message }) => message.key);
    expect(keys).toEqual(['Before.json', 'Wanted-b.json', 'After.json']);
    const { rows } = await sql.query(
      'SELECT message_id AS id FROM intake_messages WHERE owner = $1 ORDER BY sequence',
      [OWNER],
    );
    expect(rows).toEqual([{ id: 'a' }, { id: 'b' }, { id: 'c' }]);
  });

  it('get names of their own also if the title of one is the second name of another', async () => {
    const batch = [document('1', 'Old'), document('2', 'T'), document('b', 'T'), document('c', 'T-b')];
    const keys = (await messages.accept(OWNER, batch)).map(({ message }) => message.key);
    expect(keys).toEqual(['Old.json', 'T.json', 'T-b.json', 'T-b-c.json']);
    const later = await messages.accept(OWNER, [document('d', 'Old'), document('e', 'Old-d')]);
    expect(later.map(({ message }) => message.key)).toEqual(['Old-d.json', 'Old-d-e.json']);
  });

  it('are one message if they are the same', async () => {
    const all = await Promise.all(Array.from({ length: 10 }, () => accept('1', '2')));
    expect(all.flat().filter(({ repeated }) => !repeated)).toHaveLength(2);
    expect(new Set(all.flat().map(({ message }) => message.id)).size).toBe(2);
  });

  it('are rejected if they have the id of another one, also within one batch', async () => {
    const [first, second, third] = await messages.accept(OWNER, [
      document('1'),
      document('1', 'Other'),
      document('1', 'Other'),
    ]);
    expect(first).toMatchObject({ repeated: false, message: { state: 'received', key: 'T1.json' } });
    expect(second).toMatchObject({ repeated: false, message: { state: 'rejected', reason: { code: 'id-conflict' } } });
    expect(third).toMatchObject({ repeated: true, message: { id: second?.message.id } });
  });
});

describe('a group', () => {
  it('is worked on by one at a time, in order, beside others', async () => {
    await accept('1', '2', '3');
    await messages.accept(OWNER, [document('4', 'R', 'romance')]);
    const [one, other] = await Promise.all([work.claim(GROUP, { ...LEASE, limit: 2 }), work.claim(GROUP, LEASE)]);
    const claim = one ?? other;
    expect([one, other].filter((found) => found === null)).toHaveLength(1);
    expect(claim?.messages[0]?.messageId).toBe('1');
    expect(await work.dueGroups(10)).toEqual([{ owner: OWNER, group: 'romance' }]);
    await work.finish(claim!.leaseId, claim!.messages.map(stored));
    await work.release(claim!.leaseId);
    const rest = await work.claim(GROUP, LEASE);
    if (rest) await work.finish(rest.leaseId, rest.messages.map(stored));
    expect(await events()).toEqual(['1', '2', '3']);
  });

  it('waits while its first message cannot be stored', async () => {
    await accept('1', '2');
    const claim = await work.claim(GROUP, LEASE);
    const reason = { code: 'storage-unavailable', detail: 'away', pointer: null };
    await work.postpone(claim!.leaseId, claim!.messages[0]!.id, { reason, delayMs: 60_000 });
    await work.release(claim!.leaseId);
    expect(await work.claim(GROUP, LEASE)).toBeNull();
    expect(await work.dueGroups(10)).toEqual([]);
    expect(await messages.find(OWNER, '1')).toMatchObject({ state: 'received', reason });
    await sql.query("UPDATE intake_messages SET available_at = now() - interval '1 second'");
    expect((await work.claim(GROUP, LEASE))?.messages).toMatchObject([
      { messageId: '1', failures: 1 },
      { messageId: '2', failures: 0 },
    ]);
  });

  it('goes on with another worker when the lease has run out; the first one can change nothing then', async () => {
    await accept('1', '2');
    const lost = await work.claim(GROUP, LEASE);
    await sql.query("UPDATE intake_messages SET lease_until = now() - interval '1 second'");
    const next = await work.claim(GROUP, LEASE);
    expect(next?.messages.map(({ key }) => key)).toEqual(lost?.messages.map(({ key }) => key));
    await work.finish(lost!.leaseId, lost!.messages.map(stored));
    await work.release(lost!.leaseId);
    expect(await events()).toEqual([]);
    await work.finish(next!.leaseId, next!.messages.map(stored));
    await work.finish(next!.leaseId, next!.messages.map(stored));
    expect(await events()).toEqual(['1', '2']);
  });
});

describe('outputs that are read page by page', () => {
  it('are all read, also one that is written while a later one is already there', async () => {
    const [one, other] = [new IntakeOutputsRepository(processes[0]!), new IntakeOutputsRepository(processes[1]!)];
    const output = (id: string) => ({
      owner: OWNER,
      group: 'g',
      body: { file_name: `${id}.json`, bucket: 'scifi', id },
    });
    const read = async (after: bigint) => await one.list(OWNER, { after, limit: 10 });
    // Nobody knows yet whether this one stays: the first of the two has its number, and waits.
    await sql.query('BEGIN');
    await sql.query(`INSERT INTO intake_outputs (owner, "group", message_id, body) VALUES ($1, 'g', 'first', '{}')`, [
      OWNER,
    ]);
    const first = one.keep([output('first')]);
    await expect.poll(waiting).toBe(1);
    let isKept = false;
    const second = other.keep([output('second')]).finally(() => (isKept = true));
    await expect.poll(async () => isKept || (await waiting()) === 2).toBe(true);
    const early = await read(0n);
    await sql.query('ROLLBACK');
    await Promise.all([first, second]);
    const late = await read(early.at(-1)?.sequence ?? 0n);
    expect([...early, ...late].map(({ body }) => body.id)).toEqual(['first', 'second']);
  });
});

async function waiting(): Promise<number | null> {
  const { rowCount } = await sql.query('SELECT FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()');
  return rowCount;
}
