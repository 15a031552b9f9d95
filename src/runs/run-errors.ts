import { AppError, ErrorCode } from '../common/errors.js';

export class RunNotFound extends AppError {
  readonly code = ErrorCode.RunNotFound;

  constructor(id: string) {
    super(`There is no run ${id}, or it is not yours.`);
  }
}

export class RunAlreadyEnded extends AppError {
  readonly code = ErrorCode.RunAlreadyEnded;

  constructor(id: string, status: string) {
    super(`Run ${id} has already ended with status "${status}"; there is nothing left to cancel.`);
  }
}

export class IdempotencyKeyReused extends AppError {
  readonly code = ErrorCode.IdempotencyKeyReused;

  constructor() {
    super('This Idempotency-Key was used with another request. Send a new key with a new request.');
  }
}

export class RunDeadlineExceeded extends AppError {
  readonly code = ErrorCode.RunDeadlineExceeded;

  constructor(seconds: number) {
    super(`The run took longer than its limit of ${String(seconds)} s. Ask for less data or a higher timeout_seconds.`);
  }
}

/** Reasons that a worker stops work for. They never reach a client. */
export class RunStopped extends AppError {
  readonly code = ErrorCode.RunInterrupted;

  constructor(readonly reason: 'cancelled' | 'drained' | 'fenced') {
    super(`The work was stopped: ${reason}.`);
  }
}
