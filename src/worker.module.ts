import { Injectable, Module, type OnModuleDestroy } from '@nestjs/common';
import { ConfigurationModule } from './config/configuration.module.js';
import { ExportsWorkerModule } from './exports/exports.module.js';
import { ExportsProcessor } from './exports/exports.processor.js';
import { HealthModule } from './health/health.module.js';
import { IntakeWorkerModule } from './intake/intake.module.js';
import { OutboxWorkerModule } from './outbox/outbox.module.js';
import { LoggingModule } from './platform/http/logging.module.js';
import { PrismaModule } from './platform/prisma/prisma.module.js';
import { QueueModule } from './platform/queue/queue.module.js';
import { RetentionWorkerModule } from './retention/retention.module.js';
import { ReportsWorkerModule } from './reports/reports.module.js';
import { ReportsProcessor } from './reports/reports.processor.js';
import { RendersProcessor } from './results/renders.processor.js';
import { RenderWorker } from './results/render-worker.js';
import { ResultsWorkerModule } from './results/results.module.js';
import { RunDispatcher } from './runs/run-dispatcher.js';
import { RunsWorkerModule } from './runs/runs.module.js';
import { SchedulesWorkerModule } from './schedules/schedules.module.js';
import { WebhooksWorkerModule } from './webhooks/webhooks.module.js';

/** A worker that is told to stop takes nothing new, ends what it can, and hands back the rest. */
@Injectable()
class WorkerDrain implements OnModuleDestroy {
  constructor(
    private readonly reports: ReportsProcessor,
    private readonly exports: ExportsProcessor,
    private readonly renders: RendersProcessor,
    private readonly dispatcher: RunDispatcher,
    private readonly renderer: RenderWorker,
  ) {}

  async onModuleDestroy(): Promise<void> {
    this.renderer.stop();
    this.dispatcher.close();
    // First: a worker that still took jobs would take, and drop, the ones that it is about to hand back.
    await Promise.all([this.reports, this.exports, this.renders].map(({ consumer }) => consumer.stop()));
    await this.dispatcher.drain();
  }
}

/** The worker: takes runs and renders off the queues, sweeps, and serves only its own health. */
@Module({
  imports: [
    ConfigurationModule,
    LoggingModule,
    PrismaModule,
    QueueModule,
    RunsWorkerModule,
    ResultsWorkerModule,
    ReportsWorkerModule,
    ExportsWorkerModule,
    OutboxWorkerModule,
    IntakeWorkerModule,
    SchedulesWorkerModule,
    RetentionWorkerModule,
    WebhooksWorkerModule,
    HealthModule,
  ],
  providers: [WorkerDrain],
})
export class WorkerModule {}
