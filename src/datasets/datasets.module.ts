import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { QueryEngineModule } from '../platform/query-engine/query-engine.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { DatasetDryRun } from './dataset-dry-run.js';
import { DatasetFiles } from './dataset-files.js';
import { DatasetsController } from './datasets.controller.js';
import { DatasetsRepository } from './datasets.repository.js';
import { DatasetsService } from './datasets.service.js';
import { DatasetImport } from './import/dataset-import.js';

/** Datasets for other modules, in the API and in workers. */
@Module({
  imports: [AuditModule, LimitsModule, QueryEngineModule, StorageModule],
  providers: [DatasetsRepository, DatasetImport, DatasetsService, DatasetFiles, DatasetDryRun],
  exports: [DatasetsService, DatasetFiles, DatasetDryRun],
})
export class DatasetsModule {}

/** Datasets over HTTP. */
@Module({ imports: [DatasetsModule], controllers: [DatasetsController] })
export class DatasetsApiModule {}
