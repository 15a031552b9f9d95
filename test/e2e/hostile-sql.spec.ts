import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BASE, type Client } from '../support/client.js';
import { Deployment } from '../support/deployment.js';
import { ExportsClient, type Export } from '../support/exports-client.js';

interface Problem {
  code: string;
  errors?: { pointer: string }[];
}

/** One of each kind; all of them are tried on the engine itself. */
const ESCAPES = [
  "SELECT * FROM read_text('/etc/passwd')",
  "SELECT * FROM '/etc/passwd'",
  "SELECT * FROM read_parquet('{folder}/storage/**/*.parquet')",
  "SELECT * FROM glob('{folder}/**')",
  "SELECT * FROM read_csv('http://169.254.169.254/latest/meta-data/')",
  'SELECT * FROM others',
  "SELECT getenv('DATABASE_URL') AS a",
  "SELECT current_setting('temp_directory') AS a",
  'SELECT * FROM duckdb_settings()',
  "ATTACH '{folder}/x.db'",
  "COPY (SELECT 1) TO '{folder}/x.csv'",
  'INSTALL httpfs',
  'PRAGMA database_list',
  "SET memory_limit = '10GB'",
  'SELECT 1 AS a; DROP VIEW movies',
  "SELECT 1) TO '{folder}/x.csv' --",
];
/** Of constants alone, which the engine computes before it runs anything: one takes minutes, the other gigabytes. */
const SLOW = "SELECT * FROM range(levenshtein(repeat('a', 100000), repeat('b', 100000)))";
const LARGE = "SELECT length(repeat(repeat('a', 1000000), 3000)) AS n";

let deployment: Deployment;
let client: Client;
let exports: ExportsClient;

beforeAll(async () => {
  deployment = await Deployment.start({ environment: { ENGINE_MEMORY_MB: '64', ENGINE_SPILL_MB: '1' } });
  ({ client } = deployment);
  exports = new ExportsClient(client);
  await client.upload('movies', 'id,name\n1,Alien\n');
  await client.upload('others', 'id,secret\n1,hunter2\n');
});
afterAll(() => deployment.stop());

const store = async (sql: string, name = 'hostile') =>
  await client.send<Problem>('POST', `${BASE}/report-definitions`, {
    json: { name, title: name, datasets: ['movies'], sql },
  });
const reading = (query: string) => ({ source: { type: 'dataset', datasets: ['movies'], query } });

function expectNoSecret(answer: unknown, sql: string): void {
  const text = JSON.stringify(answer);
  expect(text).not.toMatch(/root:|hunter2|postgresql:|LINE \d|\.cpp/);
  if (!sql.includes('{folder}')) expect(text).not.toContain(deployment.folder);
  expect(text).not.toContain('dry-runs');
}

describe('SQL of a client', () => {
  it.each(ESCAPES)('cannot be stored as %s', async (template) => {
    const { status, body } = await store(template.replaceAll('{folder}', deployment.folder));
    expect([status, body.code, body.errors?.[0]?.pointer]).toEqual([422, 'definition-invalid', '/sql']);
    expectNoSecret(body, template);
  });

  it.each(ESCAPES)('cannot be exported as %s', async (template) => {
    const { status, body } = await exports.create(reading(template.replaceAll('{folder}', deployment.folder)));
    expect([status, body.errors?.[0]?.pointer]).toEqual([422, '/source/query']);
    expectNoSecret(body, template);
  });

  it('that takes minutes or gigabytes before it runs is refused in bounded time', async () => {
    const [slow, large] = await Promise.all([store(SLOW), store(LARGE)]);
    expect([slow.status, slow.body.code, slow.body.errors?.[0]?.pointer]).toEqual([422, 'definition-invalid', '/sql']);
    expect([large.status, large.body.code]).toEqual([422, 'query-out-of-memory']);
    expectNoSecret([slow, large], '');
  });

  it.each([
    [
      'without an end',
      'WITH RECURSIVE t(a) AS (SELECT 1 UNION ALL SELECT a FROM t) SELECT count(*) AS n FROM t',
      'run-deadline-exceeded',
    ],
    ['that needs much memory', 'SELECT len(list(range)) AS n FROM range(20000000)', 'query-out-of-memory'],
    [
      'that needs much disk',
      'SELECT md5(CAST(range AS VARCHAR)) AS h FROM range(5000000) ORDER BY h',
      'query-spill-limit',
    ],
  ])('%s ends its run in a typed error, and no other', async (_, sql, code) => {
    const ended: Export = await exports.run({ ...reading(sql), timeout_seconds: 5 });
    expect(ended).toMatchObject({ status: 'error', error: { code } });
    expectNoSecret(ended, '');
    expect(await exports.run(reading('SELECT id FROM movies'))).toMatchObject({ status: 'completed' });
  });
});
