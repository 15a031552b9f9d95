import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  SendMessageBatchCommand,
  type BatchResultErrorEntry,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { Batcher, type BatchLimits } from '../../common/batcher.js';
import type { QueueMessage } from './sqs.js';
import { QueueRefused, QueueUnavailable } from './sqs-errors.js';

/** What the service takes in one request. */
const ENTRIES = 10;
/** Of all bodies of a request; newer servers take more. */
const BODY_BYTES = 256 * 1024;
const CONCURRENCY = 16;
/** For a request with all its retries. */
const REQUEST_TIMEOUT_MS = 15_000;

interface Answer {
  Failed?: BatchResultErrorEntry[] | undefined;
}

export const isFifo = (queueUrl: string): boolean => queueUrl.endsWith('.fifo');

/** The requests to one queue that are made in batches. */
export class SqsBatches {
  readonly sending: Batcher<QueueMessage>;
  readonly removing: Batcher<string>;
  readonly hiding: Batcher<{ receipt: string; seconds: number }>;

  constructor(
    client: SQSClient,
    private readonly queueUrl: string,
  ) {
    const QueueUrl = queueUrl;
    this.sending = this.batcher<QueueMessage>(
      async (messages, options) =>
        await client.send(new SendMessageBatchCommand({ QueueUrl, Entries: messages.map(this.toEntry) }), options),
      { weight: BODY_BYTES, weigh: ({ body }) => Buffer.byteLength(body) },
    );
    this.removing = this.batcher<string>(async (receipts, options) => {
      const Entries = receipts.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));
      return await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }), options);
    });
    this.hiding = this.batcher<{ receipt: string; seconds: number }>(async (holds, options) => {
      const Entries = holds.map(({ receipt, seconds }, index) => ({
        ...{ Id: String(index), ReceiptHandle: receipt, VisibilityTimeout: seconds },
      }));
      return await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }), options);
    });
  }

  private readonly toEntry = ({ body, group, deduplicationId }: QueueMessage, index: number) => ({
    Id: String(index),
    MessageBody: body,
    ...(isFifo(this.queueUrl) && { MessageGroupId: group, MessageDeduplicationId: deduplicationId }),
  });

  private batcher<T>(
    request: (items: readonly T[], options: { abortSignal: AbortSignal }) => Promise<Answer>,
    limits: Pick<BatchLimits<T>, 'weight' | 'weigh'> = {},
  ): Batcher<T> {
    const work = async (items: readonly T[]): Promise<(Error | null)[]> => {
      try {
        const { Failed = [] } = await request(items, { abortSignal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
        const failed = new Map(Failed.map((entry) => [Number(entry.Id), entry]));
        return items.map((_, index) => this.errorOf(failed.get(index)));
      } catch (error) {
        throw new QueueUnavailable(this.queueUrl, error);
      }
    };
    return new Batcher(work, { size: ENTRIES, concurrency: CONCURRENCY, ...limits });
  }

  private errorOf(entry: BatchResultErrorEntry | undefined): Error | null {
    if (!entry) return null;
    const reason = entry.Message ?? entry.Code ?? 'it does not say why';
    return entry.SenderFault === true
      ? new QueueRefused(this.queueUrl, reason)
      : new QueueUnavailable(this.queueUrl, new Error(reason));
  }
}
