import { Module } from '@nestjs/common';
import { DatasetsModule } from '../datasets/datasets.module.js';
import { OutboundModule } from '../platform/outbound/outbound.module.js';
import { QueryEngineModule } from '../platform/query-engine/query-engine.module.js';
import { ResultsModule, ResultsWorkerModule } from '../results/results.module.js';
import { RunsModule, RunsWorkerModule } from '../runs/runs.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { ExportEvents } from './export-events.js';
import { ExportEventsGateway } from './export-events.gateway.js';
import { ExportResultsController } from './export-results.controller.js';
import { ExportRunner } from './export-runner.js';
import { ExportsController } from './exports.controller.js';
import { ExportsProcessor } from './exports.processor.js';
import { ExportsService } from './exports.service.js';
import { PageCheckpointsRepository } from './http/page-checkpoints.repository.js';
import { SOURCE_CLASSES, Sources, sourcesProvider } from './sources/sources.js';

/** The sources that there are, and what they need: in the API to check requests, in workers to bring rows. */
@Module({
  imports: [DatasetsModule, OutboundModule, RunsModule, StorageModule],
  providers: [...SOURCE_CLASSES, PageCheckpointsRepository, sourcesProvider],
  exports: [Sources],
})
class SourcesModule {}

/** Asking for exports, without routes: for what starts them in the API or a worker. */
@Module({
  imports: [SourcesModule, RunsModule],
  providers: [ExportsService],
  exports: [ExportsService],
})
export class ExportRequestsModule {}

/** Exports over HTTP. */
@Module({
  imports: [ExportRequestsModule, RunsModule, ResultsModule],
  controllers: [ExportsController, ExportResultsController],
  providers: [ExportEvents, ExportEventsGateway],
  exports: [ExportRequestsModule, ExportEvents],
})
export class ExportsModule {}

/** Exports at work. */
@Module({
  imports: [SourcesModule, QueryEngineModule, RunsModule, RunsWorkerModule, ResultsWorkerModule],
  providers: [ExportRunner, ExportsProcessor],
  exports: [ExportsProcessor],
})
export class ExportsWorkerModule {}
