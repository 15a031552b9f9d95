import { AppError, ErrorCode, type ErrorPlace } from '../common/errors.js';

export class ResultExpired extends AppError {
  readonly code = ErrorCode.ResultExpired;

  constructor(id: string, expiredAt: Date) {
    super(`The result of run ${id} expired at ${expiredAt.toISOString()}. Run it again.`);
  }
}

export class RunNotCompleted extends AppError {
  readonly code = ErrorCode.RunNotCompleted;

  constructor(id: string, status: string, options: { retryAfter?: number; places?: readonly ErrorPlace[] } = {}) {
    super(`Run ${id} has no result: its status is "${status}".`, options);
  }
}

/** Rows were lost or came twice on their way: nothing that was made of them may be handed out. */
export class RowCountMismatch extends AppError {
  readonly code = ErrorCode.RowCountMismatch;
  override readonly logLevel = 'error';

  constructor(what: string, counts: { expected: number; found: number }) {
    super(
      `${what} has ${String(counts.found)} rows where ${String(counts.expected)} are expected. Nothing is kept of it; ` +
        'start it again, and report it if it happens again.',
    );
  }
}

export class RenderFailed extends AppError {
  readonly code = ErrorCode.RenderFailed;

  constructor(format: string, detail: string) {
    super(`The result could not be rendered as ${format}: ${detail}`);
  }
}
