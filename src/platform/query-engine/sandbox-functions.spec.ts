import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testConfig } from '../../../test/support/config.js';
import { DuckDbEngine } from './duckdb-engine.js';
import type { QuerySession } from './query-engine.js';
import { QueryInvalid } from './query-errors.js';
import { checkSelect } from './sandbox.js';
import { quoteName } from './statement-text.js';

/** All that make rows of their arguments alone. */
const TABLE_FUNCTIONS = ['generate_series', 'json_each', 'json_tree', 'pg_timezone_names', 'range', 'repeat', 'unnest'];
/** All other functions that a query may call, looked at one by one: they know their arguments, the clock and chance. */
const REVIEWED = new URL('../../../test/support/reviewed-functions.txt', import.meta.url);

let directory: string;
let session: QuerySession;
let functions: { name: string; kind: string; call: string }[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'functions-'));
  session = await new DuckDbEngine(testConfig()).open({ directory });
  // An engine without our macros and without bounds: whatever this version of it has.
  const instance = await DuckDBInstance.create(':memory:');
  const reader = await (
    await instance.connect()
  ).runAndReadAll(
    `SELECT DISTINCT function_name AS name,
       if(function_type IN ('table', 'table_macro', 'pragma'), 'table', 'scalar') AS kind,
       json_serialize_sql(if(kind = 'table', 'SELECT * FROM ', 'SELECT ') || '"' || function_name || '"(1)') AS call
     FROM duckdb_functions() ORDER BY name`,
  );
  functions = reader
    .getRowObjects()
    .map(({ name, kind, call }) => ({ name: String(name), kind: String(kind), call: String(call) }));
  instance.closeSync();
});
afterAll(async () => {
  await session.close();
  await rm(directory, { recursive: true });
});

const isAllowed = (call: string): boolean => {
  try {
    checkSelect(call, '', new Set());
    return true;
  } catch (error) {
    if (error instanceof QueryInvalid) return false;
    throw error;
  }
};

it('lets queries read from no function that makes tables but those that need only their arguments', async () => {
  const tables = functions.filter(({ kind }) => kind === 'table').map(({ name }) => name);
  expect(tables.length).toBeGreaterThan(130);
  expect(tables).toEqual(expect.arrayContaining(['read_csv', 'read_text', 'glob', 'duckdb_settings', 'query']));
  for (const name of tables.filter((name) => !TABLE_FUNCTIONS.includes(name))) {
    const work = session.describe(`SELECT * FROM ${quoteName(name)}('/etc/passwd')`);
    await expect(work, name).rejects.toThrow(`the table function "${name}" is not allowed`);
  }
  const allowed = functions.filter(({ kind, call }) => kind === 'table' && isAllowed(call)).map(({ name }) => name);
  expect(allowed).toEqual(TABLE_FUNCTIONS);
});

it('lets queries call no function that nobody has looked at', async () => {
  const reviewed = (await readFile(REVIEWED, 'utf8')).trim().split(/\s+/);
  const allowed = functions.filter(({ kind, call }) => kind === 'scalar' && isAllowed(call)).map(({ name }) => name);
  expect(allowed.filter((name) => !reviewed.includes(name))).toEqual([]);
  expect(reviewed.filter((name) => !allowed.includes(name))).toEqual([]);
});
