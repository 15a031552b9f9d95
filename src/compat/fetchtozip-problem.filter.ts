import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { ValidationFailed, type ErrorPlace } from '../common/errors.js';
import { problemOf } from '../platform/http/problem.js';
import { fromPointer } from '../common/json-pointer.js';

/**
 * The 422 of FetchtoZip, whose clients read `detail` as a list of `{loc, msg, type}` (FastAPI's `HTTPValidationError`). The
 * members of a problem are there too, but `detail`, which cannot be both.
 */
@Catch(ValidationFailed)
export class FetchtozipProblemFilter implements ExceptionFilter<ValidationFailed> {
  catch(error: ValidationFailed, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request & { id: string }>();
    const response = host.switchToHttp().getResponse<Response>();
    const problem = problemOf(error.code, error.message, { requestId: request.id, places: error.places });
    const where = request.method === 'POST' ? 'body' : 'path';
    response.status(problem.status).json({ ...problem, detail: error.places.map((place) => toDetail(where, place)) });
  }
}

function toDetail(where: string, { pointer = '', detail }: ErrorPlace) {
  const path = fromPointer(pointer).map((segment) => (/^\d+$/.test(segment) ? Number(segment) : segment));
  return { loc: [where, ...path], msg: detail, type: detail === 'is required' ? 'missing' : 'value_error' };
}
