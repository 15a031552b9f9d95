import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DiffTarget } from '@prisma/schema-engine-wasm/schema_engine_bg';
import { startPostgres } from '../src/local/postgres.js';
import { MIGRATIONS_DIR } from '../src/platform/prisma/migrations-folder.js';
import { withSchemaEngine } from '../src/platform/prisma/schema-engine.js';

const SCHEMA = 'prisma/schema.prisma';
const EMPTY = '-- This is an empty migration.';

/**
 * Writes what leads from the newest migration to schema.prisma as a new migration. Each migration keeps a copy of the
 * schema it leads to, as the engine cannot read it back from a database through the `pg` adapter.
 */
async function newMigration(name: string): Promise<void> {
  const sql = await difference();
  if (sql === undefined) {
    console.log('The migrations already lead to the schema; nothing was written.');
    return;
  }
  const stamp = new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14);
  const folder = join(MIGRATIONS_DIR, `${stamp}_${name}`);
  await mkdir(folder);
  await writeFile(join(folder, 'migration.sql'), sql);
  await copyFile(SCHEMA, join(folder, 'schema.prisma'));
  console.log(`${join(folder, 'migration.sql')} was written; read it before it is committed.`);
}

/** For `npm run check`: a schema without its migration would only fail where it is deployed. */
async function checkMigrations(): Promise<void> {
  if ((await difference()) === undefined) return;
  console.error('prisma/schema.prisma has changes without a migration: npm run migration:new -- <name>');
  process.exitCode = 1;
}

/** SQL, or `undefined` when nothing changed. The engine compares two texts, but does not open without a database. */
async function difference(): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'longhaul-migration-'));
  const { child, url } = await startPostgres({
    dataDir: join(folder, 'postgres'),
    logFile: join(folder, 'postgres.log'),
    password: 'only-for-this-run',
    throwaway: true,
  });
  try {
    return await compare(url);
  } finally {
    await child.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function compare(databaseUrl: string): Promise<string | undefined> {
  const from = await newestSchema();
  const to = await schemaFile(SCHEMA);
  const filters = { externalTables: [], externalEnums: [] };
  const { stdout } = await withSchemaEngine(databaseUrl, (engine) =>
    engine.diff({ from, to, script: true, exitCode: null, filters }),
  );
  if (stdout === null) throw new Error('The schema engine wrote no SQL.');
  return stdout.startsWith(EMPTY) ? undefined : stdout;
}

async function newestSchema(): Promise<DiffTarget> {
  const entries = await readdir(MIGRATIONS_DIR, { withFileTypes: true });
  const newest = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .at(-1);
  return newest === undefined ? { tag: 'empty' } : schemaFile(join(MIGRATIONS_DIR, newest, 'schema.prisma'));
}

async function schemaFile(path: string): Promise<DiffTarget> {
  return { tag: 'schemaDatamodel', files: [{ path, content: await readFile(path, 'utf8') }] };
}

const [argument = ''] = process.argv.slice(2);
if (argument === '--check') await checkMigrations();
else if (/^[a-z\d_]+$/.test(argument)) await newMigration(argument);
else {
  console.error('Usage: npm run migration:new -- <name of lower-case letters, digits and _>');
  process.exitCode = 1;
}
