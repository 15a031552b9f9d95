import { AppError, ErrorCode } from '../common/errors.js';

export class ResultExpired extends AppError {
  readonly code = ErrorCode.ResultExpired;

  constructor(id: string, expiredAt: Date) {
    super(`The result of run ${id} expired at ${expiredAt.toISOString()}. Run it again.`);
  }
}

export class RunNotCompleted extends AppError {
  readonly code = ErrorCode.RunNotCompleted;

  constructor(id: string, status: string, retryAfter?: number) {
    super(`Run ${id} has no result: its status is "${status}".`, retryAfter === undefined ? {} : { retryAfter });
  }
}

export class RenderFailed extends AppError {
  readonly code = ErrorCode.RenderFailed;

  constructor(format: string, detail: string) {
    super(`The result could not be rendered as ${format}: ${detail}`);
  }
}
