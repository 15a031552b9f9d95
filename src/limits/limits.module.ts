import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AuditModule } from '../audit/audit.module.js';
import { LimitsController, OwnerLimitsController } from './limits.controller.js';
import { Limits } from './limits.js';
import { LimitsRepository } from './limits.repository.js';
import { RateCounter } from './rate-counter.js';
import { RequestRateGuard } from './request-rate.guard.js';
import { RequestRates } from './request-rate.js';

/** What owners may use, for whoever enforces it. */
@Module({ imports: [AuditModule], providers: [LimitsRepository, Limits], exports: [Limits] })
export class LimitsModule {}

/** Limits over HTTP, and the rate of requests. Its guard must come after the one that finds out who calls. */
@Module({
  imports: [LimitsModule],
  controllers: [LimitsController, OwnerLimitsController],
  providers: [RateCounter, RequestRates, { provide: APP_GUARD, useClass: RequestRateGuard }],
})
export class LimitsApiModule {}
