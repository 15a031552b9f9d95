import { Injectable, Module, type BeforeApplicationShutdown } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { AccessModule } from './access/access.module.js';
import { AuditApiModule } from './audit/audit.module.js';
import { CompatModule } from './compat/compat.module.js';
import { Config } from './config/config.js';
import { ConfigurationModule } from './config/configuration.module.js';
import { DatasetsApiModule } from './datasets/datasets.module.js';
import { ExportsModule } from './exports/exports.module.js';
import { HealthModule } from './health/health.module.js';
import { IntakeModule } from './intake/intake.module.js';
import { LimitsApiModule } from './limits/limits.module.js';
import { LoggingModule } from './platform/http/logging.module.js';
import { PrismaModule } from './platform/prisma/prisma.module.js';
import { QueueModule } from './platform/queue/queue.module.js';
import { ReportsModule } from './reports/reports.module.js';
import { SchedulesModule } from './schedules/schedules.module.js';
import { LocalFilesModule } from './storage/local-files.module.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';

/**
 * An API that is told to stop goes on answering, while its probe says 503, until whatever spreads the requests has noticed and
 * sends it none.
 */
@Injectable()
class ApiDrain implements BeforeApplicationShutdown {
  constructor(private readonly config: Config) {}

  async beforeApplicationShutdown(): Promise<void> {
    await delay(this.config.http.drainSeconds * 1000);
  }
}

/** The API: HTTP only. Validates, writes the row, enqueues, answers. */
@Module({
  imports: [
    ConfigurationModule,
    LoggingModule,
    PrismaModule,
    QueueModule,
    AccessModule,
    AuditApiModule,
    LimitsApiModule,
    DatasetsApiModule,
    ReportsModule,
    ExportsModule,
    IntakeModule,
    SchedulesModule,
    WebhooksModule,
    CompatModule,
    HealthModule,
    LocalFilesModule,
  ],
  providers: [ApiDrain],
})
export class AppModule {}
