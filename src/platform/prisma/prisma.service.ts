import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { PrismaPg } from '@prisma/adapter-pg';
import { Config } from '../../config/config.js';
import { PrismaClient } from './generated/client.js';
import { migrationNames } from './migrations-folder.js';

@Injectable()
export class PrismaService extends PrismaClient implements OnApplicationShutdown {
  constructor(@Inject(Config) { database }: Pick<Config, 'database'>) {
    super({ adapter: new PrismaPg({ connectionString: database.url, max: database.poolSize }) });
  }

  /** Throws when the database cannot be asked. */
  async ping(): Promise<void> {
    await this.$queryRaw`SELECT 1`;
  }

  /** The present moment by the clock of the database. Throws when it cannot be asked. */
  async time(): Promise<Date> {
    const [row] = await this.$queryRaw<{ at: Date }[]>`SELECT clock_timestamp() AS at`;
    if (!row) throw new Error('the database did not tell the time');
    return row.at;
  }

  /** Names of the migrations that this build brings and the database does not have. */
  async pendingMigrations(): Promise<string[]> {
    const [table] = await this.$queryRaw<{ there: boolean }[]>`
      SELECT to_regclass('_prisma_migrations') IS NOT NULL AS there`;
    const applied = table?.there
      ? await this.$queryRaw<{ name: string }[]>`
          SELECT migration_name AS name FROM _prisma_migrations WHERE finished_at IS NOT NULL`
      : [];
    const names = new Set(applied.map(({ name }) => name));
    return (await migrationNames()).filter((name) => !names.has(name));
  }

  /** The last hook: whatever ends before may still need the database. */
  async onApplicationShutdown(): Promise<void> {
    await this.$disconnect();
  }
}
