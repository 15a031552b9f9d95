import { Injectable, Logger } from '@nestjs/common';
import { Config } from '../config/config.js';
import { queueJson, queueText } from '../platform/sqs/queue-text.js';
import { Sqs } from '../platform/sqs/sqs.js';
import { QueueRefused } from '../platform/sqs/sqs-errors.js';
import { DeadLettersRepository, type RejectedMessage } from './dead-letters.repository.js';
import { MAX_MESSAGE_BYTES } from './intake-message.js';

const BATCH = 10;
/** Longer than a batch takes to send with all retries. */
const LEASE_SECONDS = 30;

/** Sends rejected messages to the dead-letter queue, with the reason. Without one they are read in the table. */
@Injectable()
export class DeadLetters {
  private readonly logger = new Logger(DeadLetters.name);

  constructor(
    private readonly repository: DeadLettersRepository,
    private readonly sqs: Sqs,
    private readonly config: Config,
  ) {}

  /** Sends all that are to be sent. What cannot be sent now is tried again when its lease is over. */
  async send(): Promise<void> {
    const { deadLetterQueueUrl } = this.config.intake;
    if (deadLetterQueueUrl === undefined) return;
    for (;;) {
      const rejected = await this.repository.claim(BATCH, LEASE_SECONDS);
      await Promise.all(rejected.map(async (message) => await this.sendOne(deadLetterQueueUrl, message)));
      await this.repository.noteTold(rejected.map(({ id }) => id));
      if (rejected.length < BATCH) return;
    }
  }

  private async sendOne(queueUrl: string, message: RejectedMessage): Promise<void> {
    const envelope = { group: queueText(message.group), deduplicationId: message.id };
    try {
      await this.sqs.send(queueUrl, { ...envelope, body: letterOf(message) });
    } catch (error) {
      if (!(error instanceof QueueRefused)) throw error;
      this.logger.error({ err: error, msg: `the dead letter of ${message.id} is refused; the row has it` });
    }
  }
}

/** With the message itself if both fit in one. */
function letterOf({ messageId, group, reason, createdAt, body }: RejectedMessage): string {
  const letter = { id: messageId, reason, group, received_at: createdAt.toISOString(), bytes: body.length };
  const whole = queueJson({ ...letter, body: body.toString('utf8') });
  return Buffer.byteLength(whole) <= MAX_MESSAGE_BYTES ? whole : queueJson(letter);
}
