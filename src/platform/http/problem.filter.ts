import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { AppError, ErrorCode, type ErrorPlace } from '../../common/errors.js';
import { challengeOf } from './access-errors.js';
import { NOTHING_HERE, PROBLEM_JSON, problemOf, type Problem } from './problem.js';

/** What Nest's and Express' own exceptions mean in our codes. */
const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: ErrorCode.MalformedRequest,
  404: ErrorCode.NotFound,
  405: ErrorCode.MethodNotAllowed,
  406: ErrorCode.NotAcceptable,
  413: ErrorCode.PayloadTooLarge,
  415: ErrorCode.UnsupportedMediaType,
  422: ErrorCode.ValidationFailed,
  429: ErrorCode.TooManyRequests,
  503: ErrorCode.ServiceUnavailable,
};

/** Answers every error as application/problem+json. What is not known is a 500 with fixed words; its cause goes to the log. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemFilter.name);

  /** `translate` knows what errors of a technology mean, or says null. */
  constructor(private readonly translate: (error: unknown) => AppError | null = () => null) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const exception = this.translate(thrown) ?? thrown;
    const request = host.switchToHttp().getRequest<Request & { id: string }>();
    const response = host.switchToHttp().getResponse<Response>();
    const problem = this.toProblem(exception, request.id);
    if (response.headersSent) {
      // Half an answer cannot become a problem; a cut connection at least shows that it is not whole.
      response.destroy();
      return;
    }
    if (exception instanceof AppError && exception.retryAfter !== undefined) {
      response.setHeader('Retry-After', String(exception.retryAfter));
    }
    const challenge = challengeOf(exception);
    if (challenge !== undefined) response.setHeader('WWW-Authenticate', challenge);
    response.status(problem.status).type(PROBLEM_JSON).send(JSON.stringify(problem));
  }

  private toProblem(exception: unknown, requestId: string): Problem {
    if (exception instanceof AppError) {
      this.logger[exception.logLevel]({ err: exception, msg: exception.message, request_id: requestId });
      return problemOf(exception.code, exception.message, { requestId, places: exception.places });
    }
    const status = statusOf(exception);
    const code = status === null ? undefined : CODE_OF_STATUS[status];
    if (code !== undefined && exception instanceof Error) {
      return problemOf(code, detailOf(code, exception), { requestId, places: placesOf(exception) });
    }
    this.logger.error({ err: exception, msg: 'unexpected error', request_id: requestId });
    const detail = `Something went wrong inside the service. The log has the cause under the request id ${requestId}.`;
    return problemOf(ErrorCode.InternalError, detail, { requestId });
  }
}

/** Express' own errors (body parser, send) carry a status and `expose`: whether it is the client's doing. */
function statusOf(exception: unknown): number | null {
  if (exception instanceof HttpException) return exception.getStatus();
  if (exception instanceof Error && 'status' in exception && typeof exception.status === 'number') {
    return exception.status < 500 ? exception.status : null;
  }
  return null;
}

function detailOf(code: ErrorCode, exception: Error): string {
  if (code === ErrorCode.NotFound) return NOTHING_HERE;
  if (code === ErrorCode.MalformedRequest && exception instanceof SyntaxError) {
    return `The body is not JSON: ${exception.message}`;
  }
  return exception.message;
}

function placesOf(exception: Error): readonly ErrorPlace[] {
  if (!(exception instanceof HttpException)) return [];
  const { cause } = exception;
  return cause instanceof AppError ? cause.places : [];
}
