import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { ExportRequestsModule } from '../exports/exports.module.js';
import { ReportRequestsModule } from '../reports/reports.module.js';
import { DueSchedulesRepository } from './due-schedules.repository.js';
import { FiringStarter } from './firing-starter.js';
import { FiringsRepository } from './firings.repository.js';
import { ScheduleFiringsController } from './schedule-firings.controller.js';
import { ScheduleRequests } from './schedule-requests.js';
import { ScheduleTimer } from './schedule-timer.js';
import { Scheduler } from './scheduler.js';
import { SchedulesController } from './schedules.controller.js';
import { SchedulesRepository } from './schedules.repository.js';
import { SchedulesService } from './schedules.service.js';

/** Schedules and their firing, without routes and without a clock that ticks. */
@Module({
  imports: [AuditModule, ReportRequestsModule, ExportRequestsModule],
  providers: [
    SchedulesRepository,
    FiringsRepository,
    DueSchedulesRepository,
    ScheduleRequests,
    FiringStarter,
    SchedulesService,
    Scheduler,
  ],
  exports: [SchedulesService, Scheduler],
})
export class SchedulingModule {}

/** Schedules over HTTP. */
@Module({ imports: [SchedulingModule], controllers: [SchedulesController, ScheduleFiringsController] })
export class SchedulesModule {}

/** Schedules at work. */
@Module({ imports: [SchedulingModule], providers: [ScheduleTimer] })
export class SchedulesWorkerModule {}
