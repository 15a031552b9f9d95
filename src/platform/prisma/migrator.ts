import pg from 'pg';
import { MIGRATIONS_DIR, readMigrations } from './migrations-folder.js';
import { withSchemaEngine } from './schema-engine.js';

/** Not the number of `prisma migrate`: the engine takes that one itself, and gives up after ten seconds. */
const ADVISORY_LOCK = 7_203_941_582;

/**
 * Applies the migrations that the database does not have yet and records them in `_prisma_migrations`, as
 * `prisma migrate deploy` does. Several processes may call it at once: one works, the others wait and find nothing left.
 * Returns the names of the migrations it applied; throws the engine's error when one fails or an applied one is missing.
 */
export async function applyMigrations(databaseUrl: string, folder = MIGRATIONS_DIR): Promise<readonly string[]> {
  const migrationsList = await readMigrations(folder);
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK]);
    const filters = { externalTables: [], externalEnums: [] };
    const { appliedMigrationNames } = await withSchemaEngine(databaseUrl, (engine) =>
      engine.applyMigrations({ migrationsList, filters }),
    );
    return appliedMigrationNames;
  } finally {
    await client.end();
  }
}
