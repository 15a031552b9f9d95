import { AppError, ErrorCode } from '../../common/errors.js';

/** A source did not give its rows, for good: its own retries are over. The message says where, and shows no secret. */
export class SourceFailed extends AppError {
  readonly code = ErrorCode.SourceFailed;
  override readonly logLevel = 'warn';
}

/** A source changed under the export, which was told to fail then. */
export class SourceDrift extends AppError {
  readonly code = ErrorCode.SourceDrift;
  override readonly logLevel = 'warn';
}
