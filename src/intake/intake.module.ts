import { BullModule } from '@nestjs/bull';
import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { assertNever } from '../common/assert-never.js';
import { Config } from '../config/config.js';
import { ExportRequestsModule } from '../exports/exports.module.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { SqsModule } from '../platform/sqs/sqs.module.js';
import { ReportRequestsModule } from '../reports/reports.module.js';
import { DeadLetters } from './dead-letters.js';
import { DeadLettersRepository } from './dead-letters.repository.js';
import { DocumentStore } from './document-store.js';
import { LocalDocumentStore } from './drivers/local.js';
import { GroupPool } from './group-pool.js';
import { IntakeController } from './intake.controller.js';
import { INTAKE_QUEUE } from './intake.jobs.js';
import { IntakeMessagesRepository } from './intake-messages.repository.js';
import { IntakeOutputSink } from './intake-output.sink.js';
import { IntakeOutputsRepository } from './intake-outputs.repository.js';
import { IntakeProcessor } from './intake.processor.js';
import { IntakeQueue } from './intake.queue.js';
import { IntakeRetention } from './intake-retention.js';
import { IntakeRetentionRepository } from './intake-retention.repository.js';
import { IntakeRoutesRepository } from './intake-routes.repository.js';
import { IntakeService } from './intake.service.js';
import { IntakeWorkRepository } from './intake-work.repository.js';
import { IntakeDrain, IntakeSweeper } from './intake-worker.js';
import { QueueConsumer } from './queue-consumer.js';
import { Receiver } from './receiver.js';
import { RunStarter } from './run-starter.js';
import { Storer } from './storer.js';

async function openDocuments({ storage }: Config): Promise<DocumentStore> {
  switch (storage.driver) {
    case 'local':
      return new LocalDocumentStore(storage.root);
    case 's3': {
      // As for the storage itself: only who uses the SDK loads it.
      const { S3DocumentStore } = await import('./drivers/s3.js');
      return new S3DocumentStore(storage);
    }
    default:
      return assertNever(storage);
  }
}

/** Writing messages down, in any process. */
@Module({
  imports: [AuditModule, BullModule.registerQueue({ name: INTAKE_QUEUE })],
  providers: [IntakeMessagesRepository, IntakeRoutesRepository, IntakeOutputsRepository, IntakeQueue, Receiver],
  exports: [
    IntakeMessagesRepository,
    IntakeRoutesRepository,
    IntakeOutputsRepository,
    IntakeQueue,
    Receiver,
    BullModule,
  ],
})
class IntakeDoorModule {}

/** The intake over HTTP. */
@Module({ imports: [IntakeDoorModule], controllers: [IntakeController], providers: [IntakeService] })
export class IntakeModule {}

/** The intake at work: taking messages off the queue, storing them, telling of them. */
@Module({
  imports: [IntakeDoorModule, OutboxModule, SqsModule, ReportRequestsModule, ExportRequestsModule],
  providers: [
    { provide: DocumentStore, inject: [Config], useFactory: openDocuments },
    IntakeWorkRepository,
    DeadLettersRepository,
    RunStarter,
    Storer,
    GroupPool,
    DeadLetters,
    IntakeOutputSink,
    QueueConsumer,
    IntakeProcessor,
    IntakeSweeper,
    IntakeDrain,
    IntakeRetentionRepository,
    IntakeRetention,
  ],
})
export class IntakeWorkerModule {}
