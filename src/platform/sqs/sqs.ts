/** A message as a queue holds it. */
export interface QueueMessage {
  body: string;
  /** FIFO: messages of a group keep their order. */
  group: string;
  /** FIFO: a second message with the same id within five minutes is dropped. */
  deduplicationId: string;
}

export interface ReceivedMessage extends QueueMessage {
  /** What deletes or holds this delivery. */
  receipt: string;
  /** How often it was delivered, from 1. */
  deliveries: number;
}

/**
 * Queues of Amazon SQS or a server that speaks its protocol, named by their URL. A failure of the server or the network is a
 * `QueueUnavailable` (retryable).
 */
export abstract class Sqs {
  abstract send(queueUrl: string, message: QueueMessage): Promise<void>;
  /** Waits up to `waitSeconds` (20 at most) for at most ten messages; none is an empty list. */
  abstract receive(
    queueUrl: string,
    options: { waitSeconds: number; visibilitySeconds: number; signal: AbortSignal },
  ): Promise<ReceivedMessage[]>;
  abstract remove(queueUrl: string, receipt: string): Promise<void>;
  /** Hides the message for so many seconds from now; 0 gives it back. */
  abstract hide(queueUrl: string, receipt: string, seconds: number): Promise<void>;
  /** Whether the queue answers. */
  abstract check(queueUrl: string): Promise<boolean>;
}
