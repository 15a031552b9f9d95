import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { MigrationDirectory, MigrationList } from '@prisma/schema-engine-wasm/schema_engine_bg';

const FILE = 'migration.sql';
const LOCK_FILE = 'migration_lock.toml';

/** `prisma/migrations` of the project: three folders above this file, in `src` as in `dist`. */
export const MIGRATIONS_DIR = resolve(import.meta.dirname, '../../../prisma/migrations');

/** Everything in the folder in the form that the schema engine takes, oldest migration first. */
export async function readMigrations(folder: string): Promise<MigrationList> {
  const names = await migrationNames(folder);
  return {
    baseDir: folder,
    lockfile: { path: LOCK_FILE, content: await readFile(join(folder, LOCK_FILE), 'utf8') },
    shadowDbInitScript: '',
    migrationDirectories: await Promise.all(names.map((name) => readMigration(folder, name))),
  };
}

/** Names of the migrations in the folder, oldest first. */
export async function migrationNames(folder = MIGRATIONS_DIR): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return names.sort();
}

async function readMigration(folder: string, name: string): Promise<MigrationDirectory> {
  const value = await readFile(join(folder, name, FILE), 'utf8');
  return { path: name, migrationFile: { path: FILE, content: { tag: 'ok', value } } };
}
