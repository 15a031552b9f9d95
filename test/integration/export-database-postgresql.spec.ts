import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { CLIENT_URLS, connectionTo, stageDatabase, withStaged, type StageOptions } from '../support/staged-source.js';

let database: TestDatabase;
let admin: pg.Client;

beforeAll(async () => {
  database = await createDatabase({ empty: true });
  admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
});
afterAll(async () => {
  await admin.end();
  await database.drop();
});

const stage = (query: string, options: StageOptions = {}) =>
  stageDatabase({ connection: 'shop', query }, { environment: connectionTo(database.url), ...options });

const failure = async (query: string, options: StageOptions = {}): Promise<unknown> =>
  await stage(query, options).catch((error: unknown) => error);

describe('the query', () => {
  it.each([
    [`SELECT 1 AS a; -- the end`],
    [`SELECT 1 AS a /* ; */`],
    [`SELECT 1 AS a -- no line end`],
    [`WITH w AS (SELECT 1 AS a) SELECT * FROM w ; ;`],
    [`SELECT length(E'\\';') - 1 AS a`],
    [`SELECT length($x$;$x$) AS a /* nested /* ; */ */;`],
    [`VALUES (1)`],
  ])('may end and quote as it likes: %s', async (sql) => {
    const { found } = await stage(sql);
    expect(found.map((row) => Object.values(row))).toEqual([[1]]);
  });

  it.each([
    ['closes the bracket', `SELECT 1 AS a) TO STDOUT; DROP TABLE precious; COPY (SELECT 1`],
    ['closes the bracket and runs a program', `SELECT 1 AS a) TO PROGRAM 'true'; COPY (SELECT 2 AS a`],
    ['closes the bracket behind a comment', `SELECT 1 AS a --\n) TO PROGRAM 'true'; COPY (SELECT 2 AS a --`],
    ['is two statements', `SELECT 1 AS a; DROP TABLE precious`],
    ['deletes', `DELETE FROM precious RETURNING id`],
    ['deletes in a WITH', `WITH gone AS (DELETE FROM precious RETURNING id) SELECT * FROM gone`],
    ['makes a table', `SELECT 1 AS a INTO other`],
    ['writes through a function', `SELECT nextval('numbers')`],
    ['makes the transaction one that writes', `SELECT set_config('transaction_read_only', 'off', false)`],
    ['has no columns', `DROP TABLE precious`],
    ['changes a setting', `SET statement_timeout = 0`],
    ['shows a setting', `SHOW data_directory`],
    ['has a parameter', `SELECT $1::int AS a`],
    ['is nothing', `-- nothing`],
  ])('is refused when it %s', async (_, sql) => {
    await admin.query('CREATE TABLE IF NOT EXISTS precious (id int); CREATE SEQUENCE IF NOT EXISTS numbers');
    await admin.query('TRUNCATE precious; INSERT INTO precious VALUES (1)');
    expect(await failure(sql)).toMatchObject({ code: 'source-failed', retryable: false });
    const { rows } = await admin.query('SELECT count(*)::int AS count, (SELECT is_called FROM numbers) FROM precious');
    expect(rows).toEqual([{ count: 1, is_called: false }]);
  });

  it('is refused with the words of the server and the place', async () => {
    expect(await failure('SELECT 1 AS a,\n  missing FROM pg_class')).toMatchObject({
      message: 'The database refuses the query: column "missing" does not exist (line 2, column 3).',
    });
    expect(await failure('SELECT 1 AS a, 2 AS "A"')).toMatchObject({ message: expect.stringContaining('named "A"') });
    expect(await failure('SELECT 1/0 AS a')).toMatchObject({ message: expect.stringContaining('division by zero') });
  });
});

describe('the connection', () => {
  it('is refused at creation when it is not known, and none is named', async () => {
    const unknown = stageDatabase(
      { connection: 'bank', query: 'SELECT 1' },
      { environment: connectionTo(database.url) },
    );
    await expect(unknown).rejects.toMatchObject({
      places: [{ pointer: '/source/connection', detail: 'there is no such connection' }],
    });
    await expect(
      stageDatabase(
        { connection: 'shop', query: 'SELECT 1' },
        { environment: { EXPORT_DATABASES: JSON.stringify({ shop: database.url }) } },
      ),
      'of other owners',
    ).rejects.toMatchObject({ places: [{ pointer: '/source/connection', detail: 'there is no such connection' }] });
    const both = stageDatabase({ connection: 'shop', url: database.url, query: 'SELECT 1' });
    await expect(both).rejects.toMatchObject({ places: [{ pointer: '/source/connection' }] });
    const url = stageDatabase({ url: database.url, query: 'SELECT 1' });
    await expect(url).rejects.toMatchObject({ places: [{ pointer: '/source/url' }] });
  });

  it('tells what is wrong with it, and neither host nor user nor password', async () => {
    const at = (change: (url: URL) => void): Promise<unknown> => {
      const url = new URL(database.url);
      change(url);
      return failure('SELECT 1', { environment: connectionTo(url.href) });
    };
    expect(await at((url) => (url.port = '1'))).toMatchObject({
      code: 'source-unreachable',
      retryable: true,
      message: 'The database of the connection "shop" refuses connections.',
    });
    expect(await at((url) => (url.password = 'wrong'))).toMatchObject({
      code: 'source-failed',
      retryable: false,
      message: 'The database refuses the user or password of the connection "shop".',
    });
    expect(await at((url) => (url.pathname = 'none'))).toMatchObject({
      message: 'The server of the connection "shop" has no such database.',
    });
    expect(await at((url) => (url.search = '?sslmode=verify-full'))).toMatchObject({
      message: 'The database of the connection "shop" does not support TLS.',
    });
  });

  it("is a client's URL where that is allowed: kept sealed, checked for its address, and not of a superuser", async () => {
    const role = new URL(database.url);
    role.username = 'reader';
    role.password = 'p%40ss';
    await admin.query(`DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN PASSWORD 'p@ss'`);
    const query = 'SELECT current_user::text AS me';
    const { found, facts } = await stageDatabase({ url: role.href, query }, { environment: CLIENT_URLS });
    expect(found).toEqual([{ me: 'reader' }]);
    expect(facts['url']).toBe(role.href.replace('p%40ss', '***'));
    const refused = (url: string, environment: Record<string, string>) =>
      stageDatabase({ url, query }, { environment }).catch((error: unknown) => error);
    expect(await refused(database.url, CLIENT_URLS)).toMatchObject({ message: expect.stringContaining('superuser') });
    const shut = { ...CLIENT_URLS, OUTBOUND_ALLOW: '' };
    expect(await refused(role.href, shut)).toMatchObject({ code: 'source-refused' });
    role.hostname = 'localhost';
    expect(await refused(role.href, shut)).toMatchObject({ code: 'source-refused' });
    await admin.query('DROP ROLE reader');
  });
});

describe('the export', () => {
  it('shows one moment', async () => {
    await admin.query('CREATE TABLE growing AS SELECT i AS id FROM generate_series(1, 300000) AS i');
    // The last row waits until the others are sent and a thousand more are committed.
    await admin.query('SELECT pg_advisory_lock(7)');
    const query = `SELECT id FROM growing
      UNION ALL SELECT (SELECT count(*)::int FROM growing) FROM (SELECT pg_advisory_lock_shared(7)) AS waits`;
    const grow = async (): Promise<void> => {
      await admin.query('INSERT INTO growing SELECT i FROM generate_series(1, 1000) AS i');
      await admin.query('SELECT pg_advisory_unlock(7)');
    };
    let growing: Promise<void> | undefined;
    const { rows, found } = await stage(query, { onProgress: () => void (growing ??= grow()) });
    await growing;
    expect(rows).toBe(300_001);
    expect(found.at(-1)).toEqual({ id: 300_000 });
  });

  const running = async (mark: string): Promise<number> => {
    const { rows } = await admin.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM pg_stat_activity WHERE query LIKE $1 AND state = 'active' AND pid <> pg_backend_pid()`,
      [`%${mark}%`],
    );
    return rows[0]?.count ?? 0;
  };

  it.each([
    ['computes', `SELECT pg_sleep(60)::text AS mark_computes`],
    ['sends', `SELECT i, repeat('x', 1000) AS mark_sends FROM generate_series(1, 100000000) AS i`],
  ])('ends at the server within a second when it is aborted while the server %s', async (what, sql) => {
    const controller = new AbortController();
    const reason = new Error('cancelled');
    const staged = failure(sql, { signal: controller.signal });
    await expect.poll(() => running(`mark_${what}`), { timeout: 20_000 }).toBe(1);
    const startedAt = Date.now();
    controller.abort(reason);
    expect(await staged).toBe(reason);
    expect(Date.now() - startedAt).toBeLessThan(1_000);
    expect(await running(`mark_${what}`)).toBe(0);
  });

  it('is ended by the server at its deadline', async () => {
    expect(await failure('SELECT pg_sleep(60)::text AS a', { deadline: new Date(Date.now() - 1_500) })).toMatchObject({
      message: 'The database ended the query: canceling statement due to statement timeout.',
    });
  });

  it('holds little memory', async () => {
    const before = process.memoryUsage().rss;
    let highest = 0;
    const query = `SELECT i AS id, 'customer ' || i AS name, md5(i::text) AS hash, i * 1.5::float8 AS amount,
      (i % 100)::numeric(9,2) AS price, i % 2 = 0 AS paid, date '2020-01-01' + i % 1000 AS day,
      timestamp '2020-01-01' + i * interval '1 second' AS at FROM generate_series(1, 2000000) AS i`;
    const options = {
      environment: connectionTo(database.url),
      onProgress: () => (highest = Math.max(highest, process.memoryUsage().rss)),
    };
    const count = await withStaged({ connection: 'shop', query }, options, async (staged, session) => [
      staged.rows,
      await session.materialize('SELECT * FROM source', 'result.parquet'),
    ]);
    expect(count).toEqual([2_000_000, 2_000_000]);
    expect(highest - before).toBeLessThan(150e6);
  });
});
