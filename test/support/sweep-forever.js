import { parseEnvironment } from '../../dist/config/environment.js';
import { SystemClock } from '../../dist/common/clock.js';
import { PrismaService } from '../../dist/platform/prisma/prisma.service.js';
import { OrphanSweep } from '../../dist/retention/orphan-sweep.js';
import { Retention } from '../../dist/retention/retention.js';
import { RetentionRepository } from '../../dist/retention/retention.repository.js';
import { StoredReferencesRepository } from '../../dist/retention/stored-references.repository.js';
import { LocalStorage } from '../../dist/storage/drivers/local.js';

// A process that a test can kill in the middle of a sweep: the timers of a worker would come to it once in a minute.
const config = parseEnvironment(process.env);
const prisma = new PrismaService(config);
const { root, signingKey } = config.storage;
const storage = await LocalStorage.open({ root, signingKey, publicUrl: '', clock: new SystemClock() });
const retention = new Retention(new RetentionRepository(prisma), storage, config);
const orphans = new OrphanSweep(storage, storage, new StoredReferencesRepository(prisma));
for (;;) {
  await retention.sweep(new globalThis.AbortController().signal);
  await orphans.sweep({ before: new Date(Date.now() - 1000), remove: true, goesOn: () => Promise.resolve(true) });
  console.log('swept');
}
