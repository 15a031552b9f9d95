import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { applyMigrations } from '../../src/platform/prisma/migrator.js';
import { createDatabase, type TestDatabase } from '../support/database.js';

describe('applyMigrations', () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await createDatabase({ empty: true });
  });

  afterEach(async () => {
    await database.drop();
  });

  it('applies every migration once', async () => {
    const first = await applyMigrations(database.url);
    expect(first[0]).toMatch(/^\d{14}_initial$/);
    expect(await applyMigrations(database.url)).toEqual([]);
    expect(await rows('SELECT count(*)::int AS count FROM runs')).toEqual([{ count: 0 }]);
  });

  it('records them as prisma migrate deploy does', async () => {
    const applied = await applyMigrations(database.url);
    const recorded = await rows(
      `SELECT migration_name, length(checksum) AS checksum, finished_at IS NOT NULL AS finished, applied_steps_count AS steps
       FROM _prisma_migrations ORDER BY started_at`,
    );
    expect(recorded).toEqual(
      applied.map((migration_name) => ({ migration_name, checksum: 64, finished: true, steps: 1 })),
    );
  });

  it('lets one of several processes work and the others wait', async () => {
    const results = await Promise.all([1, 2, 3].map(() => applyMigrations(database.url)));
    expect(results.filter((names) => names.length > 0)).toHaveLength(1);
    expect(await rows('SELECT count(DISTINCT migration_name) = count(*) AS once FROM _prisma_migrations')).toEqual([
      { once: true },
    ]);
  });

  async function rows(sql: string): Promise<unknown[]> {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  }
});
