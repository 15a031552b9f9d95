import { AppError, ErrorCode, LimitReached } from '../../common/errors.js';

/** The SQL cannot be parsed or bound, or asks for something that the sandbox refuses. */
export class QueryInvalid extends AppError {
  readonly code = ErrorCode.DefinitionInvalid;
}

/** The SQL failed on the data, for example by a cast that is not possible. */
export class QueryFailed extends AppError {
  readonly code = ErrorCode.QueryFailed;
}

export class QueryOutOfMemory extends AppError {
  readonly code = ErrorCode.QueryOutOfMemory;
}

export class QuerySpillLimit extends AppError {
  readonly code = ErrorCode.QuerySpillLimit;
}

/** The process of an isolated session ended in the middle of its work, as it does when the system is out of memory. */
export class QueryEngineLost extends AppError {
  readonly code = ErrorCode.QueryEngineLost;
  override readonly logLevel = 'error';
  override readonly retryable = true;

  constructor(cause: unknown) {
    super(
      'The query engine stopped in the middle of its work. Try again in a moment; if it stops again, the machine may be ' +
        'short of memory: work on less data at a time.',
      { cause, retryAfter: 10 },
    );
  }
}

export const tooManyRows = (limit: number, cause?: unknown): LimitReached =>
  new LimitReached(
    `There are more than the ${String(limit)} rows that a result may have (rows). Filter it, or ask for it in parts. ` +
      'An operator can raise the limit.',
    { cause },
  );
