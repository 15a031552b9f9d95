import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Config } from '../config/config.js';
import { queueJson, queueText } from '../platform/sqs/queue-text.js';
import { Sqs } from '../platform/sqs/sqs.js';
import { OutboxSink, type OutboxEvent } from './outbox-event.js';
import { OutboxSinks } from './outbox-sinks.js';

/** Sends every event to a queue, when one is configured. */
@Injectable()
export class EventsQueueSink extends OutboxSink implements OnModuleInit {
  readonly name = 'queue';

  constructor(
    private readonly config: Config,
    private readonly sqs: Sqs,
    private readonly sinks: OutboxSinks,
  ) {
    super();
  }

  onModuleInit(): void {
    if (this.config.events.queueUrl !== undefined) this.sinks.register(this);
  }

  async take(event: OutboxEvent): Promise<void> {
    const { queueUrl } = this.config.events;
    if (queueUrl === undefined) return;
    const { id, type, createdAt, data } = event;
    const body = queueJson({ id, type, timestamp: createdAt.toISOString(), data });
    await this.sqs.send(queueUrl, { body, group: queueText(event.stream), deduplicationId: id });
  }
}
