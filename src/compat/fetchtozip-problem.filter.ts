import { applyDecorators, Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ErrorCode, ValidationFailed, type ErrorPlace } from '../common/errors.js';
import { ProblemDto } from '../platform/http/api-problems.js';
import { PROBLEM_JSON, problemOf, PROBLEMS } from '../platform/http/problem.js';
import { FetchInvalidDto, type FetchInvalidDetailDto } from './fetchtozip.dto.js';
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

/** Declares the 422 of these routes: what this filter answers, or a problem where the request does not even reach them. */
export const ApiFetchtozipInvalid = (): MethodDecorator =>
  applyDecorators(
    ApiExtraModels(FetchInvalidDto, ProblemDto),
    ApiResponse({
      status: PROBLEMS[ErrorCode.ValidationFailed].status,
      description: `\`${ErrorCode.ValidationFailed}\`: ${PROBLEMS[ErrorCode.ValidationFailed].title}`,
      content: {
        'application/json': { schema: { $ref: getSchemaPath(FetchInvalidDto) } },
        [PROBLEM_JSON]: { schema: { $ref: getSchemaPath(ProblemDto) } },
      },
    }),
  );

function toDetail(where: string, { pointer = '', detail }: ErrorPlace): FetchInvalidDetailDto {
  const path = fromPointer(pointer).map((segment) => (/^\d+$/.test(segment) ? Number(segment) : segment));
  return { loc: [where, ...path], msg: detail, type: detail === 'is required' ? 'missing' : 'value_error' };
}
