import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Global, Module, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Clock, SystemClock } from '../../src/common/clock.js';
import { Config } from '../../src/config/config.js';
import { freePort } from '../../src/local/free-port.js';
import { ProblemFilter } from '../../src/platform/http/problem.filter.js';
import { LocalFilesModule } from '../../src/storage/local-files.module.js';
import { Storage } from '../../src/storage/storage.js';
import { testConfig } from '../support/config.js';

export interface LocalService {
  root: string;
  url: string;
  storage: Storage;
  close(): Promise<void>;
}

/** The local driver with the route that serves its links, as the API mounts it. */
export async function startLocalService(): Promise<LocalService> {
  const folder = await mkdtemp(join(tmpdir(), 'longhaul-local-'));
  const root = join(folder, '.data/storage');
  const port = await freePort();
  const url = `http://127.0.0.1:${String(port)}`;
  const config = testConfig({ STORAGE_ROOT: root, PUBLIC_URL: url });

  @Global()
  @Module({
    providers: [
      { provide: Config, useValue: config },
      { provide: Clock, useClass: SystemClock },
    ],
    exports: [Config, Clock],
  })
  class FixedConfigModule {}

  const module = await Test.createTestingModule({ imports: [FixedConfigModule, LocalFilesModule] }).compile();
  const app: INestApplication = module.createNestApplication({ logger: ['fatal'] });
  app.setGlobalPrefix('api/v1');
  app.useGlobalFilters(new ProblemFilter());
  await app.listen(port, '127.0.0.1');
  return {
    root,
    url,
    storage: app.get(Storage),
    close: async () => {
      await app.close();
      await rm(folder, { recursive: true });
    },
  };
}
