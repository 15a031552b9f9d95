import { Module } from '@nestjs/common';
import { OutboxRepository } from './outbox.repository.js';
import { OutboxSinks } from './outbox-sinks.js';
import { OutboxWriter } from './outbox-writer.js';

/** Writing events in any process, and the list of who is told of them. */
@Module({
  providers: [OutboxRepository, OutboxWriter, OutboxSinks],
  exports: [OutboxWriter, OutboxSinks],
})
export class OutboxModule {}

/** What only a worker does: telling. */
@Module({ imports: [OutboxModule] })
export class OutboxWorkerModule {}
