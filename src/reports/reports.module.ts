import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { DatasetsModule } from '../datasets/datasets.module.js';
import { QueryEngineModule } from '../platform/query-engine/query-engine.module.js';
import { ResultsModule, ResultsWorkerModule } from '../results/results.module.js';
import { RunsModule, RunsWorkerModule } from '../runs/runs.module.js';
import { CODE_REPORTS } from './code-reports.js';
import { DefinitionDryRun } from './definition-dry-run.js';
import { DefinitionsCatalogue } from './definitions-catalogue.js';
import { DefinitionsRepository } from './definitions.repository.js';
import { DefinitionsService } from './definitions.service.js';
import { ReportAnswers } from './report-answers.js';
import { ReportDefinitionsController } from './report-definitions.controller.js';
import { ReportResultsController } from './report-results.controller.js';
import { ReportRunner } from './report-runner.js';
import { ReportsController } from './reports.controller.js';
import { ReportsProcessor } from './reports.processor.js';
import { ReportsService } from './reports.service.js';

/** The definitions that there are. */
@Module({
  imports: [AuditModule, DatasetsModule, QueryEngineModule],
  providers: [DefinitionsRepository, DefinitionsCatalogue, DefinitionsService, DefinitionDryRun, ...CODE_REPORTS],
  exports: [DefinitionsService, DefinitionsCatalogue],
})
export class DefinitionsModule {}

/** Asking for reports, without routes: for what starts them in the API or a worker. */
@Module({
  imports: [DefinitionsModule, DatasetsModule, RunsModule],
  providers: [ReportsService],
  exports: [ReportsService, DefinitionsModule],
})
export class ReportRequestsModule {}

/** Reports over HTTP. */
@Module({
  imports: [ReportRequestsModule, DatasetsModule, RunsModule, ResultsModule],
  controllers: [ReportDefinitionsController, ReportsController, ReportResultsController],
  providers: [ReportAnswers],
  exports: [ReportRequestsModule, ReportAnswers],
})
export class ReportsModule {}

/** Reports at work. */
@Module({
  imports: [DefinitionsModule, DatasetsModule, QueryEngineModule, RunsModule, RunsWorkerModule, ResultsWorkerModule],
  providers: [ReportRunner, ReportsProcessor],
  exports: [ReportsProcessor],
})
export class ReportsWorkerModule {}
