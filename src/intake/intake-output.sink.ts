import { Injectable, type OnModuleInit } from '@nestjs/common';
import { z } from 'zod';
import { Config } from '../config/config.js';
import { DOCUMENT_STORED, OutboxSink, type OutboxEvent } from '../outbox/outbox-event.js';
import { OutboxSinks } from '../outbox/outbox-sinks.js';
import { Sqs } from '../platform/sqs/sqs.js';
import type { OutputMessage } from './intake-message.js';
import { IntakeOutputsRepository } from './intake-outputs.repository.js';
import { queueText } from './queue-text.js';

const storedSchema = z.object({ id: z.string(), bucket: z.string(), file_name: z.string(), route: z.string() });

/**
 * Sends the output message of a stored document. That it was sent is noted, because the queue knows repetitions for five minutes
 * only: between the two a crash that lasts longer is all that can make a message come twice.
 */
@Injectable()
export class IntakeOutputSink extends OutboxSink implements OnModuleInit {
  readonly name = 'intake-output';

  constructor(
    private readonly sinks: OutboxSinks,
    private readonly outputs: IntakeOutputsRepository,
    private readonly sqs: Sqs,
    private readonly config: Config,
  ) {
    super();
  }

  onModuleInit(): void {
    this.sinks.register(this);
  }

  async take(event: OutboxEvent): Promise<void> {
    if (event.type !== DOCUMENT_STORED || (await this.outputs.isTold(event.id))) return;
    const { id, bucket, file_name, route } = storedSchema.parse(event.data);
    const body: OutputMessage = { file_name, bucket, id };
    const { outputQueueUrl } = this.config.intake;
    if (outputQueueUrl === undefined) await this.outputs.keep(event.owner, route, body);
    else {
      await this.sqs.send(outputQueueUrl, {
        body: JSON.stringify(body),
        group: queueText(route),
        deduplicationId: queueText(id),
      });
    }
    await this.outputs.noteTold(event.id);
  }
}
