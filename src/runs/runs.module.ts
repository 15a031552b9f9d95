import { BullModule } from '@nestjs/bull';
import { Module } from '@nestjs/common';
import { LimitsModule } from '../limits/limits.module.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { RunChangesRepository } from './run-changes.repository.js';
import { RunCreationRepository } from './run-creation.repository.js';
import { RunCreator } from './run-creator.js';
import { FollowedRuns } from './followed-runs.js';
import { FollowedRunsRepository } from './followed-runs.repository.js';
import { RunClaimsRepository } from './run-claims.repository.js';
import { RunDispatcher } from './run-dispatcher.js';
import { RunExecutor } from './run-executor.js';
import { RunFiles } from './run-files.js';
import { RunLifecycle } from './run-lifecycle.js';
import { RunPagesRepository } from './run-pages.repository.js';
import { RunSweeper, RunSweepTimer } from './run-sweeper.js';
import { RunWatcher } from './run-watcher.js';
import { EXPORTS_QUEUE, REPORTS_QUEUE } from './runs.jobs.js';
import { RunsQueue } from './runs.queue.js';
import { RunsRepository } from './runs.repository.js';
import { RunsService } from './runs.service.js';
import { Scratch } from './scratch.js';

/** The life of a run as any process needs it: creating, showing, following, cancelling. */
@Module({
  imports: [
    LimitsModule,
    OutboxModule,
    StorageModule,
    BullModule.registerQueue({ name: REPORTS_QUEUE }, { name: EXPORTS_QUEUE }),
  ],
  providers: [
    RunsRepository,
    RunCreationRepository,
    RunChangesRepository,
    RunPagesRepository,
    FollowedRunsRepository,
    RunFiles,
    RunsQueue,
    FollowedRuns,
    RunWatcher,
    RunLifecycle,
    RunCreator,
    RunsService,
  ],
  exports: [
    RunsService,
    RunCreator,
    RunWatcher,
    RunLifecycle,
    RunFiles,
    RunChangesRepository,
    RunsRepository,
    RunsQueue,
    BullModule,
  ],
})
export class RunsModule {}

/** What only a worker does: executing runs and sweeping. */
@Module({
  imports: [RunsModule, StorageModule],
  providers: [Scratch, RunClaimsRepository, RunExecutor, RunDispatcher, RunSweeper, RunSweepTimer],
  exports: [RunDispatcher, Scratch],
})
export class RunsWorkerModule {}
