import { Module } from '@nestjs/common';
import { StorageModule } from '../storage/storage.module.js';
import { OrphanSweep } from './orphan-sweep.js';
import { OrphanSweepTimer } from './orphan-sweep-timer.js';
import { Retention } from './retention.js';
import { RetentionRepository } from './retention.repository.js';
import { StoredReferencesRepository } from './stored-references.repository.js';
import { SweepTurnsRepository } from './sweep-turns.repository.js';

/** What a worker removes besides runs, messages and events, which their own folders see to. */
@Module({
  imports: [StorageModule],
  providers: [
    RetentionRepository,
    Retention,
    StoredReferencesRepository,
    SweepTurnsRepository,
    OrphanSweep,
    OrphanSweepTimer,
  ],
})
export class RetentionWorkerModule {}
