import { Module } from '@nestjs/common';
import { DefinitionsModule, ReportsModule } from '../reports/reports.module.js';
import { ResultsModule } from '../results/results.module.js';
import { RunsModule } from '../runs/runs.module.js';
import { CollectionsController } from './collections.controller.js';
import { LoopBackendController } from './loop-backend.controller.js';
import { TwoListSumController } from './two-list-sum.controller.js';

/** Routes of the earlier services. */
@Module({
  imports: [DefinitionsModule, ReportsModule, ResultsModule, RunsModule],
  controllers: [LoopBackendController, CollectionsController, TwoListSumController],
})
export class CompatModule {}
