import { AppError, ErrorCode, ServiceUnavailable } from '../../common/errors.js';

/** The last part of a queue's URL. */
export const queueName = (queueUrl: string): string => queueUrl.slice(queueUrl.lastIndexOf('/') + 1);

/** The queue cannot be reached or used now; the same call may succeed later. */
export class QueueUnavailable extends ServiceUnavailable {
  constructor(queueUrl: string, cause: unknown) {
    super(`The queue ${queueName(queueUrl)} cannot be used right now. Try again later.`, { cause });
  }
}

/** The queue refuses this one message or receipt, now and later: it is too large, say, or the delivery is over. */
export class QueueRefused extends AppError {
  readonly code = ErrorCode.InternalError;
  override readonly logLevel = 'error';

  constructor(queueUrl: string, reason: string) {
    super(`The queue ${queueName(queueUrl)} refuses a message: ${reason}`);
  }
}
