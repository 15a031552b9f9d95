import { GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient, type Message } from '@aws-sdk/client-sqs';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { Config } from '../../config/config.js';
import { Sqs, type QueueMessage, type ReceivedMessage } from './sqs.js';
import { isFifo, SqsBatches } from './sqs-batches.js';
import { QueueUnavailable } from './sqs-errors.js';

const CONNECT_TIMEOUT_MS = 3000;
/** Longer than the longest poll. */
const IDLE_TIMEOUT_MS = 30_000;
const CHECK_TIMEOUT_MS = 2000;
const MAX_ATTEMPTS = 3;
const MOST_MESSAGES = 10;

/** The AWS SDK. Credentials come from its own chain (environment, files, instance role). */
@Injectable()
export class AwsSqs extends Sqs implements OnApplicationShutdown {
  private readonly logger = new Logger(AwsSqs.name);
  private readonly client: SQSClient;
  private readonly batches = new Map<string, SqsBatches>();

  constructor({ sqs: { endpoint, region } }: Config) {
    super();
    this.client = new SQSClient({
      region,
      // A server of one's own may call itself otherwise in the URLs of its queues than it is reached.
      ...(endpoint !== undefined && { endpoint, useQueueUrlAsEndpoint: false }),
      maxAttempts: MAX_ATTEMPTS,
      requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, socketTimeout: IDLE_TIMEOUT_MS },
    });
  }

  async send(queueUrl: string, message: QueueMessage): Promise<void> {
    await this.of(queueUrl).sending.add(message);
  }

  async receive(
    queueUrl: string,
    options: { waitSeconds: number; visibilitySeconds: number; signal: AbortSignal },
  ): Promise<ReceivedMessage[]> {
    const { waitSeconds, visibilitySeconds, signal } = options;
    const command = new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: MOST_MESSAGES,
      WaitTimeSeconds: waitSeconds,
      VisibilityTimeout: visibilitySeconds,
      MessageSystemAttributeNames: ['MessageGroupId', 'MessageDeduplicationId', 'ApproximateReceiveCount'],
      // When an answer is lost, the SDK's next try gets the same messages instead of finding their groups blocked.
      ...(isFifo(queueUrl) && { ReceiveRequestAttemptId: randomUUID() }),
    });
    const timeout = AbortSignal.timeout(waitSeconds * 1000 + IDLE_TIMEOUT_MS);
    try {
      const { Messages = [] } = await this.client.send(command, { abortSignal: AbortSignal.any([signal, timeout]) });
      return Messages.map(toMessage);
    } catch (error) {
      if (signal.aborted) return [];
      throw new QueueUnavailable(queueUrl, error);
    }
  }

  async remove(queueUrl: string, receipt: string): Promise<void> {
    await this.of(queueUrl).removing.add(receipt);
  }

  async hide(queueUrl: string, receipt: string, seconds: number): Promise<void> {
    await this.of(queueUrl).hiding.add({ receipt, seconds });
  }

  async check(queueUrl: string): Promise<boolean> {
    const command = new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['QueueArn'] });
    try {
      await this.client.send(command, { abortSignal: AbortSignal.timeout(CHECK_TIMEOUT_MS) });
      return true;
    } catch (error) {
      this.logger.warn({ err: error, msg: `the queue ${queueUrl} does not answer` });
      return false;
    }
  }

  onApplicationShutdown(): void {
    this.client.destroy();
  }

  private of(queueUrl: string): SqsBatches {
    const known = this.batches.get(queueUrl);
    if (known) return known;
    const batches = new SqsBatches(this.client, queueUrl);
    this.batches.set(queueUrl, batches);
    return batches;
  }
}

/** A queue that is not FIFO has no groups, and tells its messages apart by ids of its own. */
function toMessage({ Body = '', ReceiptHandle = '', MessageId = '', Attributes = {} }: Message): ReceivedMessage {
  return {
    body: Body,
    group: Attributes.MessageGroupId ?? '',
    deduplicationId: Attributes.MessageDeduplicationId ?? MessageId,
    receipt: ReceiptHandle,
    deliveries: Number(Attributes.ApproximateReceiveCount ?? 1),
  };
}
