/** A message as a queue holds it. */
export interface QueueMessage {
  body: string;
  /** FIFO: messages of a group keep their order. Empty in a message from another queue. */
  group: string;
  /** FIFO: a second message with the same id within five minutes is dropped. From another queue: the message's own id. */
  deduplicationId: string;
}

export interface ReceivedMessage extends QueueMessage {
  /** What deletes or holds this delivery. */
  receipt: string;
  /** How often it was delivered, from 1. */
  deliveries: number;
}

/**
 * Queues of Amazon SQS or a server that speaks its protocol, named by their URL; they are FIFO if that ends with `.fifo`. A failure
 * of the server or the network is a `QueueUnavailable` (retryable); a message or receipt that the server will never take is a
 * `QueueRefused`. Calls that are made at the same moment are sent together.
 */
export abstract class Sqs {
  /** Resolves when the queue has the message. Who wants an order waits for one message before the next of its group. */
  abstract send(queueUrl: string, message: QueueMessage): Promise<void>;
  /**
   * Waits up to `waitSeconds` (20 at most) for at most ten messages; none is an empty list. An abort ends the wait with an empty
   * list; what the server may have sent meanwhile comes again after `visibilitySeconds`.
   */
  abstract receive(
    queueUrl: string,
    options: { waitSeconds: number; visibilitySeconds: number; signal: AbortSignal },
  ): Promise<ReceivedMessage[]>;
  /** Takes a delivered message off the queue. `QueueRefused` if its time is over: it comes again. */
  abstract remove(queueUrl: string, receipt: string): Promise<void>;
  /** Hides the message for so many seconds from now; 0 gives it back. */
  abstract hide(queueUrl: string, receipt: string, seconds: number): Promise<void>;
  /** Whether the queue answers, within two seconds. */
  abstract check(queueUrl: string): Promise<boolean>;
}
