import { Injectable, type OnModuleInit } from '@nestjs/common';
import { z } from 'zod';
import { Batcher } from '../common/batcher.js';
import { Config } from '../config/config.js';
import { DOCUMENT_STORED, OutboxSink, type OutboxEvent } from '../outbox/outbox-event.js';
import { OutboxSinks } from '../outbox/outbox-sinks.js';
import { queueJson, queueText } from '../platform/sqs/queue-text.js';
import { Sqs } from '../platform/sqs/sqs.js';
import type { OutputMessage } from './intake-message.js';
import { IntakeOutputsRepository, type NewOutput } from './intake-outputs.repository.js';

const storedSchema = z.object({ id: z.string(), bucket: z.string(), file_name: z.string(), route: z.string() });

/** What is written in one statement. */
const ROWS = 1000;

/**
 * Sends the output message of a stored document. The outbox keeps who has taken an event, and the queue knows repetitions for five
 * minutes: only a crash between the two, with nobody to go on for longer than that, makes a message come twice. In the table it
 * cannot come twice.
 */
@Injectable()
export class IntakeOutputSink extends OutboxSink implements OnModuleInit {
  readonly name = 'intake-output';
  private readonly kept: Batcher<NewOutput>;
  private readonly notes: Batcher<string>;

  constructor(
    private readonly sinks: OutboxSinks,
    private readonly outputs: IntakeOutputsRepository,
    private readonly sqs: Sqs,
    private readonly config: Config,
  ) {
    super();
    this.kept = new Batcher<NewOutput>(
      async (messages) => {
        await this.outputs.keep(messages);
        return messages.map(() => null);
      },
      { size: ROWS, concurrency: 1 },
    );
    this.notes = new Batcher<string>(
      async (ids) => {
        await this.outputs.noteTold(ids);
        return ids.map(() => null);
      },
      { size: ROWS, concurrency: 1 },
    );
  }

  onModuleInit(): void {
    this.sinks.register(this);
  }

  async take(event: OutboxEvent): Promise<void> {
    if (event.type !== DOCUMENT_STORED) return;
    const { id, bucket, file_name, route } = storedSchema.parse(event.data);
    const body: OutputMessage = { file_name, bucket, id };
    const { outputQueueUrl } = this.config.intake;
    if (outputQueueUrl === undefined) await this.kept.add({ owner: event.owner, group: route, body });
    else {
      await this.sqs.send(outputQueueUrl, {
        body: queueJson(body),
        group: queueText(route),
        deduplicationId: queueText(id),
      });
    }
    await this.notes.add(event.id);
  }
}
