import type { Connection } from 'mysql2/promise';
import { afterAll, describe, expect, it } from 'vitest';
import { startMariaDb } from '../support/mariadb.js';
import { CLIENT_URLS, connectionTo, stageDatabase, withStaged, type StageOptions } from '../support/staged-source.js';

const server = await startMariaDb();
// Where everything can be installed, a server that is missing is a failure and no reason to skip.
if (server === null && process.env['CI'] !== undefined)
  throw new Error('MariaDB is needed in CI and could not be started.');
const admin: Connection | undefined = await server?.connect();
await admin?.query('USE shop');

afterAll(async () => {
  await admin?.end();
  await server?.stop();
});

const environment = connectionTo(server?.url ?? '');
const stage = (query: string, options: StageOptions = {}) =>
  stageDatabase({ connection: 'shop', query }, { environment, ...options });
const failure = async (query: string, options: StageOptions = {}): Promise<unknown> =>
  await stage(query, options).catch((error: unknown) => error);
const execute = async (sql: string): Promise<void> => {
  await admin?.query(sql);
};

describe.skipIf(server === null)('values of MySQL', () => {
  it('come with their types', async () => {
    await execute(`SET time_zone = '+02:00'; CREATE TABLE kinds (
      a TINYINT, b SMALLINT UNSIGNED, c MEDIUMINT, d INT UNSIGNED, e BIGINT, f BIGINT UNSIGNED, g DECIMAL(38,10), h DECIMAL(65,2),
      i DECIMAL(5,2) UNSIGNED, j DOUBLE, k DATE, l DATETIME(6), m TIMESTAMP(3) NULL, n TIME(3), o YEAR, p BIT(1), q BIT(64),
      r ENUM('x','y'), s SET('x','y'), t JSON, u BLOB, v VARBINARY(4), w CHAR(4), x LONGTEXT, y BINARY(2), z FLOAT, aa DECIMAL(3,0));
      INSERT INTO kinds VALUES (-128, 65535, -8388608, 4294967295, -9223372036854775808, 18446744073709551615,
        -1234567890123456789012345678.0123456789, 99999999999999999999999999999999999999999999999999999999999999.99, 999.99,
        1.7976931348623157e308, '9999-12-31', '1000-01-01 00:00:00.000001', '2024-06-01 12:00:00.123', '-838:59:58.999', 2155,
        b'1', b'1111111111111111111111111111111111111111111111111111111111111111', 'y', 'x,y', '{"a": [1, null]}', x'00ff5c0a0d09',
        '', 'ab', '漢😀', x'0a', 1.5, -999)`);
    const { columns, found, rows, facts, warnings } = await stage('SELECT * FROM kinds');
    expect(found).toEqual([
      {
        a: -128,
        b: 65535,
        c: -8388608,
        d: 4294967295,
        e: -9223372036854775808n,
        f: 18446744073709551615n,
        g: '-1234567890123456789012345678.0123456789',
        h: '99999999999999999999999999999999999999999999999999999999999999.99',
        i: '999.99',
        j: 1.7976931348623157e308,
        k: '9999-12-31',
        l: '1000-01-01 00:00:00.000001',
        m: '2024-06-01 10:00:00.123+00',
        n: '-838:59:58.999',
        o: 2155,
        p: true,
        q: 18446744073709551615n,
        r: 'y',
        s: 'x,y',
        t: '{"a": [1, null]}',
        u: '\\x00\\xFF\\\\x0A\\x0D\\x09',
        v: '',
        w: 'ab',
        x: '漢😀',
        y: '\\x0A\\x00',
        z: 1.5,
        aa: '-999',
      },
    ]);
    expect(columns.map(({ type }) => type)).toEqual([
      'TINYINT',
      'USMALLINT',
      'INTEGER',
      'UINTEGER',
      'BIGINT',
      'UBIGINT',
      'DECIMAL(38,10)',
      'VARCHAR',
      'DECIMAL(5,2)',
      'DOUBLE',
      'DATE',
      'TIMESTAMP',
      'TIMESTAMP WITH TIME ZONE',
      'VARCHAR',
      'SMALLINT',
      'BOOLEAN',
      'UBIGINT',
      'VARCHAR',
      'VARCHAR',
      'VARCHAR',
      'BLOB',
      'BLOB',
      'VARCHAR',
      'VARCHAR',
      'BLOB',
      'FLOAT',
      'DECIMAL(3,0)',
    ]);
    expect(rows).toBe(1);
    expect(warnings).toEqual([
      'z: the server rounds FLOAT to 6 digits when it sends it; CAST(z AS DOUBLE) has them all.',
    ]);
    expect(facts).toMatchObject({ connection: 'shop', server: expect.stringMatching(/^MariaDB 1\d\.\d+/) });
  });

  it('tell NULL from empty text and keep every character', async () => {
    const texts = [
      '',
      ' ',
      'a\tb',
      'a\nb',
      'a\r\nb',
      '\\',
      '\\N',
      '\\n',
      '\\\\n',
      '\\\n',
      '"',
      `'`,
      ',',
      '😀 ü',
      '\b\f\v\0',
    ];
    await execute('CREATE TABLE texts (text LONGTEXT, id INT)');
    await admin?.query('INSERT INTO texts VALUES ?', [[[null, -1], ...texts.map((text, index) => [text, index])]]);
    const both = await stage('SELECT text, id FROM texts ORDER BY id');
    expect(both.found.map(({ text }) => text)).toEqual([null, ...texts]);
    const alone = await stage('SELECT text FROM texts ORDER BY id DESC');
    expect(alone.found.map(({ text }) => text)).toEqual([null, ...texts].reverse());
    const empty = await stage('SELECT text, id FROM texts WHERE false');
    expect([empty.found, empty.rows]).toEqual([[], 0]);
  });

  it('are NULL where a day does not exist, which is told', async () => {
    await execute(`SET sql_mode = 'ALLOW_INVALID_DATES'; CREATE TABLE days (d DATE, t DATETIME, s TIMESTAMP);
      INSERT INTO days VALUES ('0000-00-00', '2024-05-00 10:00:00', 0), ('2023-02-29', '2024-02-31 00:00:00', '2024-02-29 10:00:00'),
        ('2024-02-29', '2000-02-29 10:00:00', '2024-06-30 10:00:00'); SET sql_mode = DEFAULT`);
    const { found, warnings } = await stage('SELECT d, t, s FROM days');
    expect(found).toEqual([
      { d: null, t: null, s: null },
      { d: null, t: null, s: '2024-02-29 08:00:00+00' },
      { d: '2024-02-29', t: '2000-02-29 10:00:00', s: '2024-06-30 08:00:00+00' },
    ]);
    expect(warnings).toEqual([
      'd: 2 values are days that do not exist, such as 0000-00-00; they are NULL.',
      't: 2 values are days that do not exist, such as 0000-00-00; they are NULL.',
      's: 1 values are days that do not exist, such as 0000-00-00; they are NULL.',
    ]);
  });
});

describe.skipIf(server === null)('a query of MySQL', () => {
  it.each([
    ['SELECT 1 AS a; -- the end'],
    ['SELECT 1 AS a # no line end'],
    ['SELECT 1 AS a /* ; */ ;'],
    [`SELECT char_length(';\\';') - 2 AS a;`],
    ['WITH w AS (SELECT 1 AS a) SELECT * FROM w'],
  ])('may end and quote as it likes: %s', async (sql) => {
    expect((await stage(sql)).found.map((row) => Number(row['a']))).toEqual([1]);
  });

  it.each([
    ['is two statements', 'SELECT 1 AS a; DROP TABLE precious'],
    ['closes the bracket', 'SELECT 1 AS a) AS b; DROP TABLE precious; SELECT * FROM (SELECT 1'],
    ['deletes', 'DELETE FROM precious RETURNING id'],
    ['writes a file', `SELECT 1 AS a INTO OUTFILE 'longhaul-was-here.txt'`],
    ['sets a variable', 'SELECT 1 INTO @a'],
    ['calls a procedure', 'CALL drop_it()'],
    ['writes through a function', 'SELECT add_one() AS a'],
    ['changes a table', 'DROP TABLE precious'],
    ['has a parameter', 'SELECT ? AS a'],
    ['is nothing', '-- nothing'],
  ])('is refused when it %s', async (_, sql) => {
    await execute(`CREATE TABLE IF NOT EXISTS precious (id INT) ENGINE=InnoDB; DELETE FROM precious; INSERT INTO precious VALUES (1);
      CREATE OR REPLACE PROCEDURE drop_it() DROP TABLE precious;
      CREATE OR REPLACE FUNCTION add_one() RETURNS INT BEGIN INSERT INTO precious VALUES (2); RETURN 1; END`);
    expect(await failure(sql)).toMatchObject({ code: 'source-failed', retryable: false });
    const [rows] = (await admin?.query('SELECT id FROM precious')) ?? [];
    expect(rows).toEqual([{ id: 1 }]);
  });

  it('is refused with the words of the server', async () => {
    expect(await failure('SELECT missing FROM precious')).toMatchObject({
      message: expect.stringContaining(`The database refuses the query: Unknown column 'missing'`),
    });
    expect(await failure('SELECT 1 AS a, 2 AS A')).toMatchObject({ message: expect.stringContaining('with AS') });
  });
});

describe.skipIf(server === null)('a connection to MySQL', () => {
  const at = (change: (url: URL) => void): Promise<unknown> => {
    const url = new URL(server?.url ?? '');
    change(url);
    return failure('SELECT 1 AS a', { environment: connectionTo(url.href) });
  };

  it('tells what is wrong with it, and neither host nor user nor password', async () => {
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
      message: 'The database refuses the user or password of the connection "shop".',
    });
    expect(await at((url) => (url.search = '?ssl-mode=REQUIRED'))).toMatchObject({
      message: 'The database of the connection "shop" does not support TLS.',
    });
  });

  it("may be a client's URL, but not of a user who reads files of the server", async () => {
    const ask = (url: string) =>
      stageDatabase({ url, query: 'SELECT 1 AS a' }, { environment: CLIENT_URLS }).catch((error: unknown) => error);
    expect(await ask(server?.url ?? '')).toMatchObject({ found: [{ a: 1 }] });
    await execute(`CREATE USER filer IDENTIFIED BY 'pw'; GRANT FILE ON *.* TO filer; GRANT SELECT ON shop.* TO filer`);
    const url = new URL(server?.url ?? '');
    url.username = 'filer';
    url.password = 'pw';
    expect(await ask(url.href)).toMatchObject({ message: expect.stringContaining('FILE') });
  });
});

describe.skipIf(server === null)('an export from MySQL', () => {
  it('shows one moment, and holds little memory', async () => {
    await execute(`CREATE TABLE growing ENGINE=InnoDB AS SELECT seq AS id, CONCAT('customer ', seq) AS name, MD5(seq) AS hash,
      seq * 1.5e0 AS amount, CAST(seq % 100 AS DECIMAL(9,2)) AS price, seq % 2 AS paid, DATE '2020-01-01' + INTERVAL seq % 1000 DAY AS day,
      TIMESTAMP '2020-01-01 00:00:00' + INTERVAL seq SECOND AS at FROM seq_1_to_4000000`);
    const before = process.memoryUsage().rss;
    let highest = 0;
    let inserted: Promise<void> | undefined;
    const onProgress = (): void => {
      highest = Math.max(highest, process.memoryUsage().rss);
      inserted ??= execute('INSERT INTO growing SELECT * FROM growing LIMIT 1000');
    };
    const query = 'SELECT * FROM growing';
    const counts = await withStaged(
      { connection: 'shop', query },
      { environment, onProgress },
      async (staged, session) => {
        return [staged.rows, await session.materialize('SELECT * FROM source', 'result.parquet')];
      },
    );
    await inserted;
    expect(counts).toEqual([4_000_000, 4_000_000]);
    expect(inserted).toBeInstanceOf(Promise);
    expect(highest - before).toBeLessThan(300e6);
  });

  const running = async (mark: string): Promise<number> => {
    const [rows] = (await admin?.query(
      `SELECT id FROM information_schema.processlist WHERE info LIKE '%${mark}%' AND id <> CONNECTION_ID()`,
    )) ?? [[]];
    return Array.isArray(rows) ? rows.length : 0;
  };

  it.each([
    ['computes', 'SELECT SLEEP(60) AS mark_computes'],
    ['sends', `SELECT seq, REPEAT('x', 1000) AS mark_sends FROM seq_1_to_100000000`],
  ])('ends at the server within a second when it is aborted while the server %s', async (what, sql) => {
    const controller = new AbortController();
    const reason = new Error('cancelled');
    const staged = failure(sql, { signal: controller.signal });
    await expect.poll(() => running(`mark_${what}`), { timeout: 20_000 }).toBe(1);
    const startedAt = Date.now();
    controller.abort(reason);
    expect(await staged).toBe(reason);
    expect(await running(`mark_${what}`)).toBe(0);
    expect(Date.now() - startedAt).toBeLessThan(1_000);
  });

  it('is ended by the server at its deadline', async () => {
    expect(
      await failure('SELECT SUM(x.seq * y.seq) AS a FROM seq_1_to_1000000 x, seq_1_to_1000000 y', {
        deadline: new Date(Date.now() - 1_500),
      }),
    ).toMatchObject({
      message: expect.stringContaining('max_statement_time'),
    });
  });
});
