import { AppError, ErrorCode } from '../../common/errors.js';

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
