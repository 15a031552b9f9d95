import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { connectionTo, stageDatabase, withStaged, type StageOptions } from '../support/staged-source.js';

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

describe('values of PostgreSQL', () => {
  it('come with their types', async () => {
    const { columns, found, rows, facts } = await stage(
      `
      SELECT 32767::int2 AS a, 2147483647 AS b, 9223372036854775807 AS c, 1.5::float4 AS d, 0.1::float8 AS e, true AS f,
        12345678901234567890.12::numeric(22,2) AS g, 1.10::numeric AS h, 1::numeric(50,1) AS i,
        'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid AS j, '{"a": 1e400}'::json AS k, '{"b": [1, null]}'::jsonb AS l,
        '\\x00ff5c0a'::bytea AS m, ARRAY['x', NULL, 'a "b"'] AS n, ARRAY[ARRAY[1,2]] AS o, '24:00:00'::time AS p,
        '1 year 2 days 00:00:00.000001'::interval AS q, '10.0.0.1/8'::inet AS r, '[1,5)'::int4range AS s, 'ab'::char(4) AS t,
        4294967295::oid AS u, '12:00+02'::timetz AS v
    `,
    );
    expect(found).toEqual([
      {
        a: 32767,
        b: 2147483647,
        c: 9223372036854775807n,
        d: 1.5,
        e: 0.1,
        f: true,
        g: '12345678901234567890.12',
        h: '1.10',
        i: '1.0',
        j: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
        k: '{"a": 1e400}',
        l: '{"b": [1, null]}',
        m: '\\x00\\xFF\\\\x0A',
        n: '["x",null,"a \\"b\\""]',
        o: '[[1,2]]',
        p: '24:00:00',
        q: '1 year 2 days 00:00:00.000001',
        r: '10.0.0.1/8',
        s: '[1,5)',
        t: 'ab  ',
        u: 4294967295,
        v: '12:00:00+02',
      },
    ]);
    expect(columns.map(({ type }) => type)).toEqual([
      'SMALLINT',
      'INTEGER',
      'BIGINT',
      'FLOAT',
      'DOUBLE',
      'BOOLEAN',
      'DECIMAL(22,2)',
      'VARCHAR',
      'VARCHAR',
      'UUID',
      'JSON',
      'JSON',
      'BLOB',
      'JSON',
      'JSON',
      'TIME',
      'VARCHAR',
      'VARCHAR',
      'VARCHAR',
      'VARCHAR',
      'UINTEGER',
      'VARCHAR',
    ]);
    expect(rows).toBe(1);
    expect(facts).toMatchObject({
      type: 'database',
      connection: 'shop',
      server: expect.stringMatching(/^PostgreSQL \d+/),
    });
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
      '""',
      `'`,
      ',',
      ';',
      '😀 ü 漢',
      '#',
      'NaN',
      'x BC',
      '\b\f\v',
      '\u0001',
    ];
    const values = texts.map((_, index) => `($${String(index + 1)}::text, ${String(index)})`).join(',');
    await admin.query(`CREATE TABLE texts AS SELECT * FROM (VALUES (NULL, -1), ${values}) AS v (text, id)`, texts);
    const { found } = await stage('SELECT text, id FROM texts ORDER BY id');
    expect(found.map(({ text }) => text)).toEqual([null, ...texts]);
    const alone = await stage('SELECT text FROM texts ORDER BY id');
    expect(alone.found.map(({ text }) => text)).toEqual([null, ...texts]);
    expect(alone.rows).toBe(texts.length + 1);
  });

  it('keep their extremes', async () => {
    const query = `
      SELECT d, t, z, f, n::numeric(5,2) AS n FROM (VALUES
        ('-infinity'::date, '-infinity'::timestamp, '-infinity'::timestamptz, '-Infinity'::float8, 'NaN'::numeric),
        ('4713-01-01 BC', '0044-03-15 10:00:00.5 BC', '0001-01-01 00:00:00+00 BC', 'NaN', -999.99),
        ('5874897-12-31', '100000-01-01 00:00:00.000001', '2024-06-01 12:00:00.123456+05:30', 4.9e-324, NULL),
        ('infinity', 'infinity', 'infinity', 'Infinity', 0)) AS v (d, t, z, f, n)
    `;
    await withStaged(
      { connection: 'shop', query },
      { environment: connectionTo(database.url) },
      async (staged, session) => {
        expect(
          await session.query('SELECT d::VARCHAR AS d, t::VARCHAR AS t, z::VARCHAR AS z, f, n FROM source'),
        ).toEqual([
          { d: '-infinity', t: '-infinity', z: '-infinity', f: '-Infinity', n: null },
          {
            d: '4713-01-01 (BC)',
            t: '0044-03-15 (BC) 10:00:00.5',
            z: '0001-01-01 (BC) 00:00:00+00',
            f: 'NaN',
            n: '-999.99',
          },
          {
            d: '5874897-12-31',
            t: '100000-01-01 00:00:00.000001',
            z: '2024-06-01 06:30:00.123456+00',
            f: 5e-324,
            n: null,
          },
          { d: 'infinity', t: 'infinity', z: 'infinity', f: 'Infinity', n: '0.00' },
        ]);
        expect(staged.warnings).toEqual(['n: 1 values are NaN, which its type has no place for; they are NULL.']);
      },
    );
  });

  it('come in the order of the query, also with arrays, and without rows', async () => {
    const { found } = await stage(
      'SELECT i, ARRAY[i] AS list FROM generate_series(1, 5000) AS i ORDER BY -i;  -- last',
    );
    expect(found.map(({ i }) => i)).toEqual(Array.from({ length: 5000 }, (_, index) => 5000 - index));
    const none = await stage('SELECT 1 AS a, now() AS b WHERE false');
    expect([none.found, none.rows, none.columns.map(({ name }) => name)]).toEqual([[], 0, ['a', 'b']]);
  });

  it('may be long', async () => {
    const { found } = await stage(`SELECT repeat('y', 5000000) AS long, 1 AS a UNION ALL SELECT 'x', 2`);
    expect(found.map(({ long }) => String(long).length)).toEqual([5_000_000, 1]);
    const tooLong = await failure(`SELECT repeat('y', 40000000) AS long, 1 AS a`);
    expect(tooLong).toMatchObject({ code: 'source-failed', message: expect.stringContaining('32 MB') });
  });
});
