import { randomBytes } from 'node:crypto';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
  type Message,
} from '@aws-sdk/client-sqs';

export const TEST_CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'only-for-tests' };

export interface FifoMessage {
  body: string;
  group: string;
  deduplicationId: string;
}

/** A FIFO queue of its own on the server at an endpoint, behind the back of what is tested. */
export class FifoQueue {
  private constructor(
    readonly url: string,
    private readonly client: SQSClient,
  ) {}

  static async create(endpoint: string, name: string): Promise<FifoQueue> {
    const client = new SQSClient({ endpoint, region: 'us-east-1', credentials: TEST_CREDENTIALS });
    const { QueueUrl = '' } = await client.send(
      new CreateQueueCommand({
        QueueName: `${name}-${randomBytes(4).toString('hex')}.fifo`,
        Attributes: { FifoQueue: 'true' },
      }),
    );
    return new FifoQueue(QueueUrl, client);
  }

  /** In their order. */
  async send(messages: readonly FifoMessage[]): Promise<void> {
    for (let at = 0; at < messages.length; at += 10) {
      const Entries = messages.slice(at, at + 10).map(({ body, group, deduplicationId }, index) => ({
        ...{ Id: String(index), MessageBody: body, MessageGroupId: group, MessageDeduplicationId: deduplicationId },
      }));
      const { Failed = [] } = await this.client.send(new SendMessageBatchCommand({ QueueUrl: this.url, Entries }));
      if (Failed.length > 0) throw new Error(JSON.stringify(Failed));
    }
  }

  /** Takes what there is off the queue, in the order of the groups; nothing is an empty list. */
  async take(): Promise<Message[]> {
    const all: Message[] = [];
    for (;;) {
      const { Messages = [] } = await this.client.send(
        new ReceiveMessageCommand({
          ...{ QueueUrl: this.url, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 },
          MessageSystemAttributeNames: ['MessageGroupId', 'MessageDeduplicationId', 'SequenceNumber'],
        }),
      );
      if (Messages.length === 0) return all;
      all.push(...Messages);
      const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await this.client.send(new DeleteMessageBatchCommand({ QueueUrl: this.url, Entries }));
    }
  }

  close(): void {
    this.client.destroy();
  }
}
