import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import pg from 'pg';
import { asDatabaseAway } from '../../src/platform/prisma/database-errors.js';
import { PrismaService } from '../../src/platform/prisma/prisma.service.js';
import { testConfig } from '../support/config.js';
import { CutProxy } from '../support/cut-proxy.js';
import { createDatabase, type TestDatabase } from '../support/database.js';

const errorOf = async (work: Promise<unknown>): Promise<unknown> =>
  await work.then(
    () => null,
    (error: unknown) => error,
  );

let database: TestDatabase;
let prisma: PrismaService;
beforeAll(async () => {
  database = await createDatabase();
  prisma = new PrismaService(testConfig({ DATABASE_URL: database.url }));
});
afterAll(async () => {
  await prisma.onApplicationShutdown();
  await database.drop();
});

describe('asDatabaseAway', () => {
  it('knows a server that is not there', async () => {
    const away = new PrismaService(testConfig({ DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none' }));
    for (const work of [away.run.count(), away.ping()]) {
      expect(asDatabaseAway(await errorOf(work))).toMatchObject({ code: 'service-unavailable', retryAfter: 5 });
    }
    await away.onApplicationShutdown();
  });

  it('knows a connection that was ended in the middle of a statement', async () => {
    const admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
    const sleeping = errorOf(prisma.$queryRaw`SELECT pg_sleep(30)`);
    let ended = 0;
    while (ended === 0) {
      const { rowCount } = await admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' AND pid <> pg_backend_pid()`,
      );
      ended = rowCount ?? 0;
    }
    await admin.end();
    expect(asDatabaseAway(await sleeping)).toMatchObject({ code: 'service-unavailable' });
  });

  it('knows connections that are cut: in a statement, in a transaction, and as soon as they are made', async () => {
    const proxy = await CutProxy.start(database.url);
    const cut = new PrismaService(testConfig({ DATABASE_URL: proxy.through(database.url) }));
    await cut.ping();
    const begun = Promise.withResolvers<undefined>();
    const cutOff = Promise.withResolvers<undefined>();
    const statement = errorOf(cut.$queryRaw`SELECT pg_sleep(30)`);
    const transaction = errorOf(
      cut.$transaction(async (tx) => {
        await tx.$queryRaw`SELECT 1`;
        begun.resolve(undefined);
        await cutOff.promise;
        await tx.$queryRaw`SELECT 2`;
      }),
    );
    await begun.promise;
    proxy.cut();
    const errors = [await statement, await errorOf(cut.ping())];
    cutOff.resolve(undefined);
    for (const error of [...errors, await transaction]) {
      expect(asDatabaseAway(error)).toMatchObject({ code: 'service-unavailable', retryAfter: 5 });
    }
    proxy.mend();
    await cut.ping();
    await cut.onApplicationShutdown();
    await proxy.stop();
  });

  it('leaves the other errors alone', async () => {
    const wrong = await errorOf(prisma.$queryRaw`SELECT no_such_column`);
    expect(wrong).toBeInstanceOf(Error);
    expect(asDatabaseAway(wrong)).toBeNull();
    expect(asDatabaseAway(new Error('any'))).toBeNull();
  });
});
