import { randomBytes } from 'node:crypto';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SQSClient,
  type Message,
} from '@aws-sdk/client-sqs';
import { inject } from 'vitest';

/** For the SDK of what is tested: `vi.stubEnv` or the environment of a process. */
export const SQS_CREDENTIALS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'only-for-tests' };

export interface TestQueue {
  url: string;
  endpoint: string;
  /** A client of its own, to look at the queue behind the back of what is tested. */
  client: SQSClient;
  /** Takes everything off the queue that is visible, in the order of delivery. */
  drain(): Promise<Message[]>;
}

/** A fresh, empty queue on the SQS server of this run: FIFO unless `standard`. */
export async function createQueue(
  options: { standard?: boolean; attributes?: Record<string, string> } = {},
): Promise<TestQueue> {
  const endpoint = inject('sqsEndpoint');
  const credentials = { accessKeyId: 'test', secretAccessKey: 'only-for-tests' };
  const client = new SQSClient({ endpoint, region: 'us-east-1', credentials, useQueueUrlAsEndpoint: false });
  const { QueueUrl: url = '' } = await client.send(
    new CreateQueueCommand({
      QueueName: `test-${randomBytes(8).toString('hex')}${options.standard ? '' : '.fifo'}`,
      Attributes: { ...(!options.standard && { FifoQueue: 'true' }), ...options.attributes },
    }),
  );
  return { url, endpoint, client, drain: async () => await drain(client, url) };
}

async function drain(client: SQSClient, QueueUrl: string): Promise<Message[]> {
  const all: Message[] = [];
  for (;;) {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['All'] }),
    );
    if (Messages.length === 0) return all;
    for (const { ReceiptHandle } of Messages) await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    all.push(...Messages);
  }
}
