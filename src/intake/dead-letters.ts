import { Injectable, Logger } from '@nestjs/common';
import { Config } from '../config/config.js';
import { queueJson, queueText } from '../platform/sqs/queue-text.js';
import { Sqs } from '../platform/sqs/sqs.js';
import { QueueRefused } from '../platform/sqs/sqs-errors.js';
import { DeadLettersRepository, type RejectedMessage } from './dead-letters.repository.js';
import { MAX_MESSAGE_BYTES } from './intake-message.js';
import { IntakeOutputsRepository } from './intake-outputs.repository.js';

const BATCH = 10;
/** Longer than a batch takes to send with all retries. */
const LEASE_SECONDS = 30;
/** Only another setting of the queue makes it take what it has refused. */
const REFUSED_SECONDS = 3600;

/** Sends rejected messages to the dead-letter queue, with the reason. Without one they are read in the table. */
@Injectable()
export class DeadLetters {
  private readonly logger = new Logger(DeadLetters.name);

  constructor(
    private readonly repository: DeadLettersRepository,
    private readonly outputs: IntakeOutputsRepository,
    private readonly sqs: Sqs,
    private readonly config: Config,
  ) {}

  /** Sends all that are to be sent, until the signal aborts. What cannot be sent now is tried again when its lease is over. */
  async send(signal: AbortSignal): Promise<void> {
    const { deadLetterQueueUrl } = this.config.intake;
    if (deadLetterQueueUrl === undefined) return;
    for (let claimed = BATCH; claimed === BATCH && !signal.aborted;) {
      const rejected = await this.repository.claim(BATCH, LEASE_SECONDS);
      await this.sendAll(deadLetterQueueUrl, rejected);
      claimed = rejected.length;
    }
  }

  private async sendAll(queueUrl: string, rejected: readonly RejectedMessage[]): Promise<void> {
    const taken: string[] = [];
    const refused: string[] = [];
    const sends = rejected.map(async (message) => {
      ((await this.isTaken(queueUrl, message)) ? taken : refused).push(message.id);
    });
    await Promise.allSettled(sends);
    await this.outputs.noteTold(taken);
    await this.repository.hold(refused, REFUSED_SECONDS);
    // Ends in the first failure of the queue: the next sweep tries it again.
    await Promise.all(sends);
  }

  private async isTaken(queueUrl: string, message: RejectedMessage): Promise<boolean> {
    const envelope = { group: queueText(message.group), deduplicationId: message.id };
    try {
      await this.sqs.send(queueUrl, { ...envelope, body: letterOf(message) });
      return true;
    } catch (error) {
      if (!(error instanceof QueueRefused)) throw error;
      this.logger.error({ err: error, msg: `the dead letter of ${message.id} is refused; the row has it` });
      return false;
    }
  }
}

/** With the message itself if both fit in one. */
function letterOf({ messageId, group, reason, createdAt, body }: RejectedMessage): string {
  const letter = { id: messageId, reason, group, received_at: createdAt.toISOString(), bytes: body.length };
  const whole = queueJson({ ...letter, body: body.toString('utf8') });
  return Buffer.byteLength(whole) <= MAX_MESSAGE_BYTES ? whole : queueJson(letter);
}
