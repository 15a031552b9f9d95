import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { draftConfiguration } from '../../src/exports/drafts/export-draft.js';
import { ExportDraftsRepository } from '../../src/exports/drafts/export-drafts.repository.js';
import { ExportDrafts } from '../../src/exports/drafts/export-drafts.service.js';
import { PrismaService } from '../../src/platform/prisma/prisma.service.js';
import { testConfig } from '../support/config.js';
import { createDatabase, type TestDatabase } from '../support/database.js';

const URL_TEXT = 'postgresql://me:hunter2@db.example.com/shop';
const ALLOWED = { EXPORT_ALLOW_DB_URL: 'true', EXPORT_SEAL_KEY: 'k'.repeat(32) };

let database: TestDatabase;
let prisma: PrismaService;
let repository: ExportDraftsRepository;

beforeAll(async () => {
  database = await createDatabase();
  prisma = new PrismaService(testConfig({ DATABASE_URL: database.url }));
  repository = new ExportDraftsRepository(prisma);
});
afterAll(async () => {
  await prisma.$disconnect();
  await database.drop();
});

const drafts = (environment: Record<string, string>) => new ExportDrafts(repository, testConfig(environment));

describe('a draft with a database URL', () => {
  it('keeps it sealed, shows it without its password, and gives it back whole', async () => {
    const configuration = draftConfiguration.parse({ db_url: URL_TEXT, db_query: 'SELECT 1' });
    const shown = await drafts(ALLOWED).configure('ann', configuration);
    expect(shown.db_url).toBe('postgresql://me:***@db.example.com/shop');
    expect(JSON.stringify(await repository.find('ann'))).not.toContain('hunter2');
    expect((await drafts(ALLOWED).get('ann')).configuration?.db_url).toBe(URL_TEXT);
  });

  it('says so when the key has changed or URLs are no longer allowed, and still lists its columns', async () => {
    await drafts(ALLOWED).putInputs('ann', [{ name: 'a', column: 1, change_order: null }]);
    for (const environment of [{ ...ALLOWED, EXPORT_SEAL_KEY: 'o'.repeat(32) }, {}]) {
      const other = drafts(environment);
      await expect(other.get('ann')).rejects.toMatchObject({ places: [{ pointer: '/db_url' }] });
      expect(await other.inputs('ann')).toHaveLength(1);
    }
  });
});

it('loses no column of many requests at once', async () => {
  const service = drafts({});
  const names = Array.from({ length: 30 }, (_, index) => `c${String(index % 20)}`);
  await Promise.all(names.map((name, column) => service.putInputs('bob', [{ name, column, change_order: null }])));
  expect((await service.inputs('bob')).map(({ name }) => name).sort()).toEqual([...new Set(names)].sort());
});
