import { Module } from '@nestjs/common';
import { SqsModule } from '../platform/sqs/sqs.module.js';
import { EventsQueueSink } from './events-queue.sink.js';
import { OutboxDispatcher } from './outbox-dispatcher.js';
import { OutboxRepository } from './outbox.repository.js';
import { OutboxRetention } from './outbox-retention.js';
import { OutboxSinks } from './outbox-sinks.js';
import { OutboxTeller } from './outbox-teller.js';
import { OutboxWriter } from './outbox-writer.js';

/** Writing events in any process, and the list of who is told of them. */
@Module({
  providers: [OutboxRepository, OutboxWriter, OutboxSinks],
  exports: [OutboxRepository, OutboxWriter, OutboxSinks],
})
export class OutboxModule {}

/** What only a worker does: telling. */
@Module({
  imports: [OutboxModule, SqsModule],
  providers: [OutboxTeller, OutboxDispatcher, OutboxRetention, EventsQueueSink],
})
export class OutboxWorkerModule {}
