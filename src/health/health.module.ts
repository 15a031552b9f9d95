import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { SqsModule } from '../platform/sqs/sqs.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { Dependencies } from './dependencies.js';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';

@Module({
  imports: [TerminusModule.forRoot({ logger: false }), SqsModule, StorageModule],
  controllers: [HealthController],
  providers: [HealthService, Dependencies],
  exports: [HealthService],
})
export class HealthModule {}
