import { AppError, ErrorCode } from '../common/errors.js';

const UNAVAILABLE = 'The file storage cannot be used at the moment. Try again later.';
const FULL =
  'The file storage is full. Delete runs and datasets that are no longer needed, or ask the operator for more space; then try again.';

/** The object was never written or has been removed. */
export class ObjectMissing extends AppError {
  readonly code = ErrorCode.NotFound;

  constructor(options: { cause?: unknown } = {}) {
    super('The file is not there: it was removed or never written.', options);
  }
}

/** The storage could not be reached or refused to work. The reason is in `cause`, for the log only. */
export class StorageUnavailable extends AppError {
  readonly code: ErrorCode = ErrorCode.StorageUnavailable;
  override readonly logLevel = 'error';
  override readonly retryable = true;

  constructor({ cause }: { cause?: unknown } = {}, message = UNAVAILABLE) {
    super(message, { cause, retryAfter: 5 });
  }
}

/** The storage takes no more bytes: its disk is full or its quota used up. */
export class StorageFull extends StorageUnavailable {
  override readonly code = ErrorCode.StorageFull;

  constructor(options: { cause?: unknown } = {}) {
    super(options, FULL);
  }
}

/** A download link that has expired or was not made by this service. */
export class LinkInvalid extends AppError {
  readonly code = ErrorCode.LinkInvalid;
}

export class RangeNotSatisfiable extends AppError {
  readonly code = ErrorCode.RangeNotSatisfiable;

  constructor(options: { cause?: unknown } = {}) {
    super('The Range header names no byte of the file. Ask for a range below the length in Content-Range.', options);
  }
}

export class PreconditionFailed extends AppError {
  readonly code = ErrorCode.PreconditionFailed;

  constructor(options: { cause?: unknown } = {}) {
    super('The file is another one than If-Match or If-Unmodified-Since asks for. Ask without the header.', options);
  }
}
