import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SQL_ESCAPES } from '../../../test/support/sql-escapes.js';
import { parseEnvironment } from '../../config/environment.js';
import { DuckDbEngine } from './duckdb-engine.js';
import type { QuerySession } from './query-engine.js';
import { QueryInvalid } from './query-errors.js';

const config = parseEnvironment({
  DATABASE_URL: 'postgresql://127.0.0.1/none',
  REDIS_URL: 'redis://127.0.0.1',
  STORAGE_ROOT: tmpdir(),
  STORAGE_SIGNING_KEY: 'k'.repeat(32),
});

let directory: string;
let session: QuerySession;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sandbox-'));
  session = await new DuckDbEngine(config).open({ directory });
  await session.materialize(`SELECT 1 AS id, 'a' AS name, [1, 2] AS list, 2020 AS year`, 'movies.parquet');
  await session.relate('movies', 'movies.parquet');
  await writeFile(join(directory, 'other.csv'), 'secret\n1\n');
});
afterAll(async () => {
  await session.close();
  await rm(directory, { recursive: true });
});

describe('the sandbox', () => {
  it.each(SQL_ESCAPES)('refuses %s', async (template) => {
    const sql = template.replaceAll('{directory}', directory);
    const before = await readdir(directory);
    const error: unknown = await session.materialize(sql, 'result.parquet').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(QueryInvalid);
    if (!sql.includes(directory)) expect(JSON.stringify(error) + String(error)).not.toContain(directory);
    expect(await readdir(directory)).toEqual(before);
    await expect(session.describe(sql)).rejects.toThrow(QueryInvalid);
  });

  it.each([
    'SELECT * FROM movies',
    'FROM Movies SELECT id',
    'SELECT 1 AS a;',
    "SELECT ';' AS a; -- the end;",
    'SELECT 1 /* ; /* nested */ ; */ AS a ;; ',
    'SELECT $$;$$ AS a, "list"[1] AS ";" FROM movies;',
    'SELECT $tag$;$$;$tag$ AS a, 1 AS a$b$; -- $b$',
    String.raw`SELECT E'it\'s; fine' AS a, e'\\' AS b, DATE'2020-01-01' AS c;`,
    'SELECT 1 AS a -- one\r;',
    'WITH a AS (SELECT id FROM movies), b AS (SELECT id FROM a) SELECT * FROM b UNION ALL SELECT id FROM a',
    'WITH movies AS (SELECT * FROM movies WHERE id = 1) SELECT * FROM movies',
    'WITH RECURSIVE t(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM t WHERE a < 9) SELECT * FROM t',
    'SELECT id, item FROM movies, unnest(list) AS u(item)',
    'SELECT unnest(list) AS item FROM movies',
    'SELECT * FROM range(3) r(i) JOIN movies ON i = id',
    '(SELECT 1 AS a) UNION ALL (SELECT 2) ORDER BY a',
    '((SELECT 1 AS a))',
    'VALUES (1), (2)',
    'TABLE movies',
    '/* first */ SELECT 1 AS a',
    'SELECT * FROM generate_series(1, 3)',
    "SELECT key FROM json_each('[1]')",
    'SELECT * FROM (VALUES (1), (2)) v(a)',
    'SELECT * FROM (PIVOT movies ON name IN (a) USING count(*))',
    'SELECT id, row_number() OVER (ORDER BY name) AS place FROM movies QUALIFY place = 1',
    'SELECT now() AS a, current_date AS b, pg_typeof(1) AS c',
    'SELECT (SELECT max(m.id) FROM movies m WHERE m.id <= movies.id) AS m FROM movies',
    'SELECT a FROM (SELECT 1 AS a) WHERE a NOT IN (SELECT id + 1 FROM movies)',
  ])('allows %s', async (sql) => {
    expect(await session.materialize(sql, 'result.parquet')).toBeGreaterThan(0);
  });

  it('is held by the engine too, if a check should fail', async () => {
    for (const sql of [
      "SELECT * FROM read_text('/etc/hostname')",
      `SELECT * FROM read_text('${directory}/../../etc/hostname')`,
      "COPY (SELECT 1) TO '/tmp/longhaul-escaped.csv'",
      "ATTACH '/tmp/longhaul-escaped.db'",
      'INSTALL httpfs',
      'SET enable_external_access = true',
      "SET memory_limit = '10GB'",
    ]) {
      await expect(session.query(sql)).rejects.toMatchObject({
        code: expect.stringMatching(/definition-invalid|query-failed/),
      });
    }
  });
});
