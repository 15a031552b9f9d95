import { Module } from '@nestjs/common';
import { ExportDraftsModule } from '../exports/drafts/export-drafts.module.js';
import { ExportsModule } from '../exports/exports.module.js';
import { DefinitionsModule, ReportsModule } from '../reports/reports.module.js';
import { ResultsModule } from '../results/results.module.js';
import { RunsModule } from '../runs/runs.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { CollectionsController } from './collections.controller.js';
import { FetchtozipDraftController } from './fetchtozip-draft.controller.js';
import { FetchtozipTasksController } from './fetchtozip-tasks.controller.js';
import { FetchtozipGateway } from './fetchtozip.gateway.js';
import { LoopBackendController } from './loop-backend.controller.js';
import { TaskFiles } from './task-files.js';
import { TwoListSumController } from './two-list-sum.controller.js';

/** Routes of the earlier services. */
@Module({
  imports: [
    DefinitionsModule,
    ReportsModule,
    ExportsModule,
    ExportDraftsModule,
    ResultsModule,
    RunsModule,
    StorageModule,
  ],
  controllers: [
    LoopBackendController,
    CollectionsController,
    TwoListSumController,
    FetchtozipDraftController,
    FetchtozipTasksController,
  ],
  providers: [TaskFiles, FetchtozipGateway],
})
export class CompatModule {}
