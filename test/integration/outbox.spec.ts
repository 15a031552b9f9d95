import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { OutboxDispatcher } from '../../src/outbox/outbox-dispatcher.js';
import { OutboxRetention } from '../../src/outbox/outbox-retention.js';
import { OutboxRepository, type Claim, type ClaimLimits } from '../../src/outbox/outbox.repository.js';
import { OutboxSinks } from '../../src/outbox/outbox-sinks.js';
import { OutboxTeller } from '../../src/outbox/outbox-teller.js';
import { Broadcast } from '../../src/platform/queue/broadcast.js';
import { testConfig } from '../support/config.js';
import { anEvent, OutboxApp, RecordingSink } from '../support/outbox-app.js';

const REDIS_DATABASE = 14;
const patient = { timeout: 20_000, interval: 20 };
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

let app: OutboxApp;
beforeAll(async () => {
  app = await OutboxApp.start(REDIS_DATABASE);
});
beforeEach(async () => {
  await app.sql.query('DELETE FROM outbox_events');
});
afterEach(async () => {
  await app.stopWorkers();
});
afterAll(async () => {
  await app.stop();
});

describe('appending', () => {
  it('is part of the transaction that it is called in', async () => {
    const rolledBack = app.prisma.$transaction(async (tx) => {
      await app.writer.append(tx, anEvent('s', 0));
      throw new Error('no');
    });
    await expect(rolledBack).rejects.toThrow('no');
    expect(await app.open()).toBe(0);
    const event = anEvent('s', 1);
    await app.append(event);
    await app.append(event);
    expect(await app.open()).toBe(1);
  });
});

describe('telling', () => {
  it('tells each event to every sink, as it was written', async () => {
    const sinks = [new RecordingSink('a'), new RecordingSink('b')];
    await app.work(sinks);
    const event = { ...anEvent('run:1', 0), callbackUrl: 'https://example.com/hook' };
    await app.append(event);
    await expect.poll(async () => app.open(), patient).toBe(0);
    for (const { taken } of sinks) expect(taken).toMatchObject([event]);
  });

  it('begins at once when it is woken', async () => {
    const sink = new RecordingSink('a');
    await app.work([sink]);
    // Ten in a row, each after the one before was told: a poll alone would need 20 s.
    const startedAt = performance.now();
    for (const n of range(10)) {
      await app.append(anEvent('s', n));
      await expect.poll(() => sink.taken.length, { ...patient, interval: 5 }).toBe(n + 1);
    }
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  it('finds events although nobody woke it', async () => {
    const sink = new RecordingSink('a');
    await app.work([sink], { REDIS_URL: 'redis://127.0.0.1:1' });
    await app.fill(3, 1);
    await expect.poll(() => sink.of('s0'), patient).toEqual([0, 1, 2]);
    await expect.poll(async () => app.open(), patient).toBe(0);
    await app.fill(3, 1);
    await expect.poll(() => sink.of('s0'), patient).toEqual([0, 1, 2, 0, 1, 2]);
  });

  it('keeps the order of each of many streams, with several workers', async () => {
    await app.fill(1000, 10);
    // One record for both: what counts is the order over all workers.
    const sink = new RecordingSink('a', async () => new Promise((resolve) => setImmediate(resolve)));
    await Promise.all([app.work([sink]), app.work([sink]), app.work([sink])]);
    await expect.poll(async () => app.open(), patient).toBe(0);
    for (const stream of range(10)) expect(sink.of(`s${String(stream)}`)).toEqual(range(100));
  });
});

describe('a sink that fails', () => {
  it('holds its stream, and no other stream or sink', async () => {
    let failures = 0;
    const picky = new RecordingSink('picky', async ({ stream, data }) => {
      if (stream !== 's1' || data['n'] !== 2 || failures >= 2) return Promise.resolve();
      failures += 1;
      return Promise.reject(new Error('not now'));
    });
    const other = new RecordingSink('other');
    await app.fill(20, 4);
    await app.work([picky, other]);
    await expect.poll(async () => app.open(), patient).toBe(3);
    expect(picky.of('s1')).toEqual([0, 1]);
    expect(picky.of('s0')).toEqual(range(5));
    const { rows } = await app.sql.query(
      `SELECT last_error, taken, failures FROM outbox_events WHERE stream = 's1' AND failures > 0`,
    );
    expect(rows).toMatchObject([{ last_error: 'picky: not now', taken: ['other'] }]);

    await expect.poll(async () => app.open(), patient).toBe(0);
    expect(failures).toBe(2);
    expect(picky.of('s1')).toEqual(range(5));
    // It took the event the first time and was not asked again.
    expect(other.of('s1')).toEqual(range(5));
  });

  it('is asked again after a pause that grows', async () => {
    const at: number[] = [];
    const sink = new RecordingSink('a', async () => {
      at.push(performance.now());
      return at.length < 3 ? Promise.reject(new Error('no')) : Promise.resolve();
    });
    await app.work([sink]);
    await app.append(anEvent('s', 0));
    await expect.poll(async () => app.open(), patient).toBe(0);
    const [first = 0, second = 0, third = 0] = at;
    expect(second - first).toBeGreaterThan(700);
    expect(third - second).toBeGreaterThan(1400);
  });
});

describe('a claim that fails', () => {
  /** Fails once: when the round has come to its end and begins anew. */
  class FailingOnce extends OutboxRepository {
    /** What the claim before the one that failed had taken. */
    takenBefore: string[] | undefined;
    private last: Claim | undefined;

    override async claim(limits: ClaimLimits): Promise<Claim> {
      if (limits.after === '' && this.last !== undefined && this.takenBefore === undefined) {
        this.takenBefore = this.last.streams.map(([first]) => first!.event.stream);
        throw new Error('the database is away');
      }
      this.last = await super.claim(limits);
      return this.last;
    }
  }

  class Silent extends Broadcast {
    override async publish(): Promise<void> {
      await Promise.resolve();
    }

    override subscribe(): () => void {
      return () => undefined;
    }
  }

  it('takes nothing from the one before', async () => {
    // More than a dispatcher takes at once; they end together, so that one claim gets all the others.
    const { promise: isFull, resolve: fill } = Promise.withResolvers<null>();
    let inHand = 0;
    const sink = new RecordingSink('a', async () => {
      inHand += 1;
      if (inHand === 64) fill(null);
      await isFull;
    });
    await app.fill(100, 100);
    const repository = new FailingOnce(app.prisma);
    const sinks = new OutboxSinks();
    sinks.register(sink);
    const config = testConfig({ RUN_LEASE_SECONDS: '3600' });
    const dispatcher = new OutboxDispatcher(repository, new OutboxTeller(repository, sinks), new Silent(), config);
    dispatcher.onApplicationBootstrap();
    onTestFinished(async () => dispatcher.beforeApplicationShutdown());
    await expect.poll(() => repository.takenBefore?.length, patient).toBeGreaterThan(0);
    await expect.poll(async () => app.open(), patient).toBe(0);
    expect(sink.taken).toHaveLength(100);
  });
});

describe('a worker that dies', () => {
  it('leaves what it had to others when its lease is over, in order', async () => {
    await app.fill(5, 1);
    // What a killed worker leaves: a claim that nobody will finish.
    const limits = { after: '', streams: 10, eventsPerStream: 3, leaseSeconds: 60 };
    const repository = new OutboxRepository(app.prisma);
    expect((await repository.claim(limits)).streams).toMatchObject([{ length: 3 }]);
    expect((await repository.claim(limits)).streams).toEqual([]);

    const sink = new RecordingSink('a');
    await app.work([sink]);
    await app.append(anEvent('else', 0));
    await expect.poll(() => sink.of('else'), patient).toEqual([0]);
    expect(sink.of('s0')).toEqual([]);
    await app.sql.query(`UPDATE outbox_events SET lease_until = now() WHERE stream = 's0' AND lease_until IS NOT NULL`);
    await expect.poll(() => sink.of('s0'), patient).toEqual(range(5));
  });

  it('can no longer postpone what others have taken over', async () => {
    await app.fill(1, 1);
    const repository = new OutboxRepository(app.prisma);
    const limits = { after: '', streams: 1, eventsPerStream: 1, leaseSeconds: 60 };
    const [stale = []] = (await repository.claim(limits)).streams;
    await app.sql.query('UPDATE outbox_events SET lease_until = NULL');
    const [[fresh] = []] = (await repository.claim(limits)).streams;
    await repository.giveBack(stale, { taken: [], error: 'late', delaySeconds: 300 });
    const { rows } = await app.sql.query('SELECT failures, lease_until FROM outbox_events');
    expect(rows).toEqual([{ failures: 0, lease_until: fresh?.leaseUntil }]);
  });
});

describe('a worker that stops', () => {
  it('ends the event in hand and gives the others back', async () => {
    let release: () => void = () => undefined;
    let waits = false;
    const slow = new RecordingSink('a', async () => {
      waits = true;
      await new Promise<void>((resolve) => (release = resolve));
    });
    await app.fill(3, 1);
    const worker = await app.work([slow]);
    await expect.poll(() => waits, patient).toBe(true);
    const stopped = worker.get(OutboxDispatcher, { strict: false }).beforeApplicationShutdown();
    release();
    await stopped;
    expect(slow.of('s0')).toEqual([0]);
    expect([await app.open(), await leased()]).toEqual([2, []]);
  });

  async function leased(): Promise<unknown[]> {
    const { rows } = await app.sql.query('SELECT FROM outbox_events WHERE lease_until IS NOT NULL');
    return rows;
  }
});

describe('the retention', () => {
  it('removes what is older, told or not', async () => {
    await app.fill(2500, 2500);
    await app.sql.query(`UPDATE outbox_events SET available_at = now() + interval '1 day'`);
    await app.sql.query(`UPDATE outbox_events SET created_at = now() - interval '2 hours' WHERE data ->> 'n' = '0'
      AND stream <> 's7'`);
    const worker = await app.work([], { OUTBOX_RETENTION_SECONDS: '3600' });
    await worker.get(OutboxRetention, { strict: false }).sweep(new AbortController().signal);
    const { rows } = await app.sql.query('SELECT stream FROM outbox_events');
    expect(rows).toEqual([{ stream: 's7' }]);
  });
});
