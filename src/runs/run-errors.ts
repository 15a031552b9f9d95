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

/** The scratch volume of the worker has no room for the files of the attempt. */
class WorkerDiskFull extends AppError {
  readonly code = ErrorCode.WorkerDiskFull;
  override readonly logLevel = 'error';
  override readonly retryable = true;

  constructor(cause: unknown) {
    super('The disk of the worker is full. Try again later, or read less data.', { cause });
  }
}

/** The error as it is, unless it is that of a file system without room: whatever was being written, a client is told that. */
export function asDiskFull(error: unknown): unknown {
  const isFull = error instanceof Error && 'code' in error && error.code === 'ENOSPC';
  return isFull ? new WorkerDiskFull(error) : error;
}
