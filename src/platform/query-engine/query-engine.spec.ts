import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseEnvironment } from '../../config/environment.js';
import { DuckDbEngine } from './duckdb-engine.js';
import { ProcessEngine } from './process-engine.js';
import type { QueryParameters, QuerySession, SessionOptions } from './query-engine.js';
import { QueryFailed, QueryInvalid, QueryOutOfMemory, QuerySpillLimit } from './query-errors.js';

const HEAVY = 'SELECT count(*) AS n FROM range(10000000) a, range(10000000) b WHERE a.range + b.range = 7';
const config = parseEnvironment({
  DATABASE_URL: 'postgresql://127.0.0.1/none',
  REDIS_URL: 'redis://127.0.0.1',
  STORAGE_ROOT: tmpdir(),
  STORAGE_SIGNING_KEY: 'k'.repeat(32),
});
describe.each([DuckDbEngine, ProcessEngine])('%o', (Engine) => {
  const engine = new Engine(config);
  let directory: string;
  let session: QuerySession;
  const open = async (options: Partial<SessionOptions> = {}) => {
    session = await engine.open({ directory, ...options });
    return session;
  };

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'engine-'));
  });
  afterEach(async () => {
    await session.close();
    await rm(directory, { recursive: true });
  });

  it('writes as many rows as it may, in order, and ends at the first one more', async () => {
    await open({ limits: { rows: 100_000 } });
    const most = 'SELECT range AS n FROM range(100_000) ORDER BY n DESC';
    expect(await session.materialize(most, 'r.parquet')).toBe(100_000);
    await session.relate('r', 'r.parquet');
    expect(await session.query('SELECT n FROM r LIMIT 2')).toEqual([{ n: 99_999n }, { n: 99_998n }]);
    // All of them would take hours.
    const endless = session.materialize('SELECT range AS n FROM range(1_000_000_000_000)', 'e.parquet');
    await expect(endless).rejects.toMatchObject({ code: 'limit-reached', retryable: false });
    await expect(endless).rejects.toThrow('100000 rows');
  });

  it('keeps the order, the types and every digit in a result', async () => {
    await open();
    const sql = `SELECT 9007199254740993 + range AS id, CAST(1.50 AS DECIMAL(9, 2)) AS price FROM range(100000) ORDER BY id DESC -- last`;
    expect(await session.materialize(sql, 'result.parquet')).toBe(100_000);
    await session.relate('result', 'result.parquet');
    expect(await session.query('SELECT * FROM result LIMIT 1')).toEqual([{ id: 9007199254840992n, price: '1.50' }]);
    expect(await session.describe('SELECT * FROM result')).toEqual([
      { name: 'id', type: 'BIGINT' },
      { name: 'price', type: 'DECIMAL(9,2)' },
    ]);
  });

  it('keeps every digit of integers beyond 64 bits, and the order', async () => {
    await open();
    const sql = `SELECT sum(9007199254740993 + n) AS total, [max(n)::HUGEINT * 10000000000000000000] AS "list", n AS id
      FROM range(10000) AS t(n) GROUP BY n ORDER BY n DESC; -- last`;
    await session.materialize(sql, 'result.parquet');
    await session.relate('result', 'result.parquet');
    const columns = [
      { name: 'total', type: 'DECIMAL(38,0)' },
      { name: 'list', type: 'VARCHAR[]' },
      { name: 'id', type: 'BIGINT' },
    ];
    expect(await session.describe('SELECT * FROM result')).toEqual(columns);
    expect(await session.describe('SELECT 1::HUGEINT AS total, [1::HUGEINT] AS "list", 1::BIGINT AS id')).toEqual(
      columns,
    );
    const rows = await session.query('FROM result');
    expect(rows[0]).toEqual({ total: '9007199254750992', list: ['99990000000000000000000'], id: 9999n });
    expect(rows.map(({ id }) => Number(id))).toEqual(Array.from({ length: 10_000 }, (_, index) => 9_999 - index));
    const beyond = session.materialize('SELECT 170141183460469231731687303715884105727 AS n', 'r.parquet');
    await expect(beyond).rejects.toThrow(/170141183460469231731687303715884105727/);
  });

  it('adds the columns that a file lacks as NULL', async () => {
    await open();
    await session.materialize('SELECT 1 AS Present', 'data.parquet');
    await session.relate('data', 'data.parquet', { present: 'VARCHAR', absent: 'STRUCT(a VARCHAR, b DATE[])' });
    expect(await session.describe('SELECT * FROM data')).toEqual([
      { name: 'Present', type: 'INTEGER' },
      { name: 'absent', type: 'STRUCT(a VARCHAR, b DATE[])' },
    ]);
    const injected = session.relate('data', 'data.parquet', { absent: 'INTEGER), (SELECT version()' });
    await expect(injected).rejects.toThrow('is not a type');
  });

  it('knows its files by name and by path, and no others', async () => {
    await open();
    await session.materialize('SELECT 1 AS a', join(directory, 'a.parquet'));
    await session.relate('a', join(directory, 'a.parquet'));
    expect(await session.query('FROM a')).toEqual([{ a: 1 }]);
    await expect(session.relate('b', '../a.parquet')).rejects.toThrow(TypeError);
    await expect(session.relate('b', join(directory, 'spill', 'a.parquet'))).rejects.toThrow(TypeError);
  });

  it('binds parameters of every type, also inside of a result', async () => {
    await open();
    const parameters: QueryParameters = {
      text: { type: 'VARCHAR', value: `'; DROP TABLE x --` },
      big: { type: 'BIGINT', value: '9223372036854775807' },
      real: { type: 'DOUBLE', value: 0.1 },
      flag: { type: 'BOOLEAN', value: true },
      day: { type: 'DATE', value: '0001-02-28' },
      local: { type: 'TIMESTAMP', value: '2023-01-24 09:06:42.605777' },
      instant: { type: 'TIMESTAMPTZ', value: '2023-01-24T10:06:42.605777+01:00' },
      nothing: { type: 'BIGINT', value: null },
      ids: { type: 'LIST', of: 'BIGINT', value: [1n, 9007199254740993n] },
      range: {
        type: 'STRUCT',
        shape: { gt: 'DATE', lt: 'DATE' },
        fields: { gt: { type: 'DATE', value: '2020-01-01' } },
      },
      none: { type: 'STRUCT', shape: { gt: 'DOUBLE', include: 'VARCHAR[]' }, fields: null },
    };
    const sql = `SELECT $text AS text, $big AS big, $real AS real, $flag AS flag, $day AS day, $local AS local,
      epoch_us($instant) AS instant, $nothing AS nothing, $ids AS ids, $range AS range, $none AS "none"`;
    await session.materialize(sql, 'result.parquet', { parameters });
    await session.relate('result', 'result.parquet');
    expect(await session.query('FROM result')).toEqual([
      {
        text: `'; DROP TABLE x --`,
        big: 9223372036854775807n,
        real: 0.1,
        flag: true,
        day: '0001-02-28',
        local: '2023-01-24 09:06:42.605777',
        instant: 1674551202605777n,
        nothing: null,
        ids: [1n, 9007199254740993n],
        range: { gt: '2020-01-01', lt: null },
        none: { gt: null, include: null },
      },
    ]);
  });

  it.each([
    ['BIGINT', '1.5'],
    ['BIGINT', '9223372036854775808'],
    ['DATE', '2023-02-30'],
    ['TIMESTAMPTZ', 'yesterday'],
  ] as const)('refuses %s %s and names the parameter', async (type, value) => {
    await open();
    await expect(session.describe('SELECT $x', { x: { type, value } })).rejects.toMatchObject({
      code: 'query-failed',
      places: [{ pointer: '/x' }],
    });
  });

  it.each([
    ['SELECT 1,\n  missing AS x', { line: 2, column: 3 }],
    ["SELECT 'é😀',\n  missing", { line: 2, column: 3 }],
    ['SELECT 1\nFROMM x', { line: 2, column: 7 }],
    ['SELECT * FROM range(1)\nJOIN nowhere ON true', { line: 2, column: 6 }],
    ["SELECT 1 +\n getenv('PATH')", { line: 2, column: 2 }],
  ])('says where %j is wrong', async (sql, place) => {
    await open();
    const error: unknown = await session.describe(sql).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(QueryInvalid);
    expect(error).toMatchObject({ places: [{ pointer: '/sql', ...place }] });
  });

  it.each([
    ['SELECT 1 AS a, 2 AS A', 'Two columns are named'],
    ['SELECT 1 AS " "', 'has no name'],
    ['SELECT $x', 'do not fit'],
  ])('refuses %s', async (sql, message) => {
    await open();
    await expect(session.materialize(sql, 'r.parquet')).rejects.toThrow(message);
  });

  it('answers a failure on the data as such, without a path', async () => {
    await open();
    const failing = session.materialize(`SELECT CAST('x' || range AS INTEGER) AS n FROM range(9)`, 'r.parquet');
    const error: unknown = await failing.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(QueryFailed);
    expect(String(error)).toContain('Could not convert');
    expect(String(error)).not.toContain(directory);
  });

  it('stops at the memory limit and at the spill limit, and says which', async () => {
    const sql = 'SELECT md5(CAST(range AS VARCHAR)) AS h FROM range(5000000) ORDER BY h';
    await open({ limits: { memoryMb: 64, spillMb: 1 } });
    await expect(session.materialize(sql, 'r.parquet')).rejects.toThrow(QuerySpillLimit);
    await session.close();
    await open({ limits: { memoryMb: 64, threads: 1 } });
    const wide = session.materialize('SELECT len(list(range)) AS n FROM range(20000000)', 'r.parquet');
    await expect(wide).rejects.toThrow(QueryOutOfMemory);
  });

  it('interrupts a running statement and refuses those in line', async () => {
    const controller = new AbortController();
    await open({ signal: controller.signal });
    const running = session.materialize(HEAVY, 'r.parquet', {
      onProgress: () => controller.abort(new Error('enough')),
    });
    const waiting = session.query('SELECT 1');
    const outcomes = await Promise.allSettled([running, waiting]);
    expect(outcomes.map((outcome) => outcome.status === 'rejected' && String(outcome.reason))).toEqual([
      'Error: enough',
      'Error: enough',
    ]);
    await expect(engine.open({ directory, signal: controller.signal })).rejects.toThrow('enough');
  }, 2_000);

  it.runIf(Engine === DuckDbEngine)(
    'hears an interrupt at every moment of a start',
    async () => {
      for (let ticks = 0; ticks < 40; ticks += 1) {
        const controller = new AbortController();
        await open({ signal: controller.signal });
        const refused = expect(session.query(HEAVY)).rejects.toThrow('at once');
        for (let tick = 0; tick < ticks; tick += 1) await new Promise((resolve) => setImmediate(resolve));
        controller.abort(new Error('at once'));
        await refused;
        await session.close();
      }
    },
    10_000,
  );

  it('ends a running statement and leaves nothing behind when it is closed', async () => {
    await open();
    const running = session.query(HEAVY);
    const refused = expect(running).rejects.toThrow('was closed');
    await session.close();
    await session.close();
    await refused;
    expect(await readdir(directory)).toEqual([]);
  }, 2_000);
});
