import { AppError, ErrorCode } from '../../common/errors.js';

/** No whole answer came: name, connection, TLS, time-out, or an answer that ends early. */
export class OutboundFailed extends AppError {
  readonly code = ErrorCode.SourceUnreachable;
  override readonly retryable = true;
}

/** The request is not made, or its redirect not followed: trying again would not change that. */
export class OutboundRefused extends AppError {
  readonly code = ErrorCode.SourceRefused;
}

/** The answer is larger than the caller takes. */
export class OutboundTooLarge extends AppError {
  readonly code = ErrorCode.SourceTooLarge;
}
