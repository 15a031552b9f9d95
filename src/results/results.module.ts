import { BullModule } from '@nestjs/bull';
import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { QueryEngineModule } from '../platform/query-engine/query-engine.module.js';
import { RunsModule, RunsWorkerModule } from '../runs/runs.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { ArtifactWaiter } from './artifact-waiter.js';
import { ArtifactsRepository } from './artifacts.repository.js';
import { DownloadsService } from './downloads.service.js';
import { RunAnswers } from './http/run-answers.js';
import { Renderer } from './renderer.js';
import { RenderSweeper } from './render-sweeper.js';
import { RendersProcessor } from './renders.processor.js';
import { RendersQueue } from './renders.queue.js';
import { RenderWorker } from './render-worker.js';
import { ResultPages } from './result-pages.js';
import { ResultWriter } from './result-writer.js';
import { RunEngine } from './run-engine.js';
import { RENDERS_QUEUE } from './results.jobs.js';

const queue = BullModule.registerQueue({ name: RENDERS_QUEUE });

/** Reading results: pages, files, manifests. */
@Module({
  imports: [AuditModule, RunsModule, StorageModule, QueryEngineModule, queue],
  providers: [ArtifactsRepository, ArtifactWaiter, RendersQueue, DownloadsService, ResultPages, RunAnswers],
  exports: [DownloadsService, ResultPages, RunAnswers, ArtifactsRepository, RendersQueue],
})
export class ResultsModule {}

/** Making results, which only a worker does. */
@Module({
  imports: [LimitsModule, ResultsModule, RunsModule, RunsWorkerModule, StorageModule, QueryEngineModule, queue],
  providers: [ResultWriter, RunEngine, Renderer, RenderWorker, RendersProcessor, RenderSweeper],
  exports: [ResultWriter, RunEngine, RenderWorker, RendersProcessor],
})
export class ResultsWorkerModule {}
