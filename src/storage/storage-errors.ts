import { AppError, ErrorCode } from '../common/errors.js';

/** The object was never written or has been removed. */
export class ObjectMissing extends AppError {
  readonly code = ErrorCode.NotFound;

  constructor(options: { cause?: unknown } = {}) {
    super('The file is not there: it was removed or never written.', options);
  }
}

/** The storage could not be reached or refused to work. The reason is in `cause`, for the log only. */
export class StorageUnavailable extends AppError {
  readonly code = ErrorCode.StorageUnavailable;
  override readonly logLevel = 'error';
  override readonly retryable = true;

  constructor(options: { cause?: unknown } = {}) {
    super('The file storage cannot be used at the moment. Try again later.', { ...options, retryAfter: 5 });
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
