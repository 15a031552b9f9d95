import { AppError, ErrorCode, LimitReached } from '../common/errors.js';

/** Runs end all the time: asking again soon is worth it. */
const QUEUED_RETRY_SECONDS = 10;
/** Results expire, but not soon. */
const STORED_RETRY_SECONDS = 300;

/** The same request can be answered when the owner uses less. */
class InUse extends LimitReached {
  override readonly retryable = true;
}

export class QueueFull extends InUse {
  constructor(limit: number) {
    super(
      `There are ${String(limit)} runs of yours that wait or are worked on, which is the limit (queued). ` +
        'Wait until some have ended, or cancel some.',
      { retryAfter: QUEUED_RETRY_SECONDS },
    );
  }
}

export class StorageUsedUp extends InUse {
  constructor(used: number, limit: number) {
    super(
      `${String(used)} bytes are kept for you, and the limit is ${String(limit)} (stored_bytes). ` +
        'Delete reports, exports or datasets that are no longer needed, or wait until results expire.',
      { retryAfter: STORED_RETRY_SECONDS },
    );
  }
}

export const tooManyBytes = (limit: number): LimitReached =>
  new LimitReached(
    `A file is larger than the ${String(limit)} bytes that the result, what it is made of, and each file rendered from it may ` +
      'have (bytes). Filter it, leave columns out, or ask for it in parts. An operator can raise the limit.',
  );

/** Requests in the window, or failed tries to authenticate, are used up. */
export class TooManyRequests extends AppError {
  readonly code = ErrorCode.TooManyRequests;
}
