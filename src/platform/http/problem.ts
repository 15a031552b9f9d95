import { HttpStatus } from '@nestjs/common';
import { ErrorCode, type ErrorPlace } from '../../common/errors.js';

/** An RFC 9457 problem. `type` is a stable path that docs/errors.md explains. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
  request_id: string;
  errors?: readonly ErrorPlace[];
}

export const PROBLEM_JSON = 'application/problem+json';

interface Kind {
  status: HttpStatus;
  title: string;
}

const kind = (status: HttpStatus, title: string): Kind => ({ status, title });

/** Status and title of every code. Codes that only runs end with have the status that fits if they are answered. */
export const PROBLEMS: Readonly<Record<ErrorCode, Kind>> = {
  [ErrorCode.MalformedRequest]: kind(HttpStatus.BAD_REQUEST, 'The request cannot be read'),
  [ErrorCode.ValidationFailed]: kind(HttpStatus.UNPROCESSABLE_ENTITY, 'The request has fields that cannot be used'),
  [ErrorCode.NotFound]: kind(HttpStatus.NOT_FOUND, 'There is nothing here'),
  [ErrorCode.MethodNotAllowed]: kind(HttpStatus.METHOD_NOT_ALLOWED, 'The method is not allowed here'),
  [ErrorCode.NotAcceptable]: kind(HttpStatus.NOT_ACCEPTABLE, 'No representation that is acceptable'),
  [ErrorCode.UnsupportedMediaType]: kind(HttpStatus.UNSUPPORTED_MEDIA_TYPE, 'The content type is not supported'),
  [ErrorCode.PayloadTooLarge]: kind(HttpStatus.PAYLOAD_TOO_LARGE, 'The content is too large'),
  [ErrorCode.PreconditionFailed]: kind(HttpStatus.PRECONDITION_FAILED, 'The precondition does not hold'),
  [ErrorCode.RangeNotSatisfiable]: kind(HttpStatus.REQUESTED_RANGE_NOT_SATISFIABLE, 'The range is outside the file'),
  [ErrorCode.Unauthenticated]: kind(HttpStatus.UNAUTHORIZED, 'The caller is not known'),
  [ErrorCode.InsufficientScope]: kind(HttpStatus.FORBIDDEN, 'The caller may not do this'),
  [ErrorCode.HostRefused]: kind(HttpStatus.FORBIDDEN, 'The host is not one of this machine'),
  [ErrorCode.LimitReached]: kind(HttpStatus.TOO_MANY_REQUESTS, 'A limit of the owner is reached'),
  [ErrorCode.KeyNotFound]: kind(HttpStatus.NOT_FOUND, 'There is no such key'),
  [ErrorCode.TooManyRequests]: kind(HttpStatus.TOO_MANY_REQUESTS, 'Too many requests'),
  [ErrorCode.ServiceUnavailable]: kind(HttpStatus.SERVICE_UNAVAILABLE, 'The service is not available right now'),
  [ErrorCode.InternalError]: kind(HttpStatus.INTERNAL_SERVER_ERROR, 'Something went wrong inside the service'),
  [ErrorCode.RunNotFound]: kind(HttpStatus.NOT_FOUND, 'There is no such run'),
  [ErrorCode.RunAlreadyEnded]: kind(HttpStatus.CONFLICT, 'The run has already ended'),
  [ErrorCode.RunNotCompleted]: kind(HttpStatus.CONFLICT, 'The run has no result'),
  [ErrorCode.ResultExpired]: kind(HttpStatus.GONE, 'The result has expired'),
  [ErrorCode.IdempotencyKeyReused]: kind(HttpStatus.UNPROCESSABLE_ENTITY, 'The key belongs to another request'),
  [ErrorCode.DefinitionNotFound]: kind(HttpStatus.NOT_FOUND, 'There is no such definition'),
  [ErrorCode.DefinitionExists]: kind(HttpStatus.CONFLICT, 'The definition exists already'),
  [ErrorCode.DefinitionReadOnly]: kind(HttpStatus.CONFLICT, 'The definition ships with the service'),
  [ErrorCode.DefinitionInvalid]: kind(HttpStatus.UNPROCESSABLE_ENTITY, 'The definition cannot be used'),
  [ErrorCode.DatasetNotFound]: kind(HttpStatus.NOT_FOUND, 'There is no such dataset'),
  [ErrorCode.DatasetExists]: kind(HttpStatus.CONFLICT, 'The dataset exists already'),
  [ErrorCode.DatasetInvalid]: kind(HttpStatus.UNPROCESSABLE_ENTITY, 'The content cannot become a dataset'),
  [ErrorCode.UploadIncomplete]: kind(HttpStatus.BAD_REQUEST, 'The upload was cut off'),
  [ErrorCode.LinkInvalid]: kind(HttpStatus.FORBIDDEN, 'The link is not valid'),
  [ErrorCode.QueryFailed]: kind(HttpStatus.UNPROCESSABLE_ENTITY, 'The query failed on the data'),
  [ErrorCode.QueryOutOfMemory]: kind(HttpStatus.UNPROCESSABLE_ENTITY, 'The query needs more memory than it may use'),
  [ErrorCode.QuerySpillLimit]: kind(HttpStatus.UNPROCESSABLE_ENTITY, 'The query needs more disk than it may use'),
  [ErrorCode.QueryEngineLost]: kind(HttpStatus.SERVICE_UNAVAILABLE, 'The query engine was lost'),
  [ErrorCode.ShapeInvalid]: kind(HttpStatus.UNPROCESSABLE_ENTITY, 'The shape does not fit the source'),
  [ErrorCode.SourceFailed]: kind(HttpStatus.BAD_GATEWAY, 'The source of the export failed'),
  [ErrorCode.RunDeadlineExceeded]: kind(HttpStatus.GATEWAY_TIMEOUT, 'The run took too long'),
  [ErrorCode.RunWorkerLost]: kind(HttpStatus.INTERNAL_SERVER_ERROR, 'The workers of the run were lost'),
  [ErrorCode.RunInterrupted]: kind(HttpStatus.SERVICE_UNAVAILABLE, 'The run was interrupted'),
  [ErrorCode.WorkerDiskFull]: kind(HttpStatus.SERVICE_UNAVAILABLE, 'The disk of the worker is full'),
  [ErrorCode.RowCountMismatch]: kind(HttpStatus.INTERNAL_SERVER_ERROR, 'Rows were lost on their way'),
  [ErrorCode.RenderFailed]: kind(HttpStatus.UNPROCESSABLE_ENTITY, 'The file could not be rendered'),
  [ErrorCode.StorageUnavailable]: kind(HttpStatus.SERVICE_UNAVAILABLE, 'The storage is not available right now'),
  [ErrorCode.StorageFull]: kind(HttpStatus.SERVICE_UNAVAILABLE, 'The storage is full'),
  [ErrorCode.SourceUnreachable]: kind(HttpStatus.BAD_GATEWAY, 'The source cannot be reached'),
  [ErrorCode.SourceRefused]: kind(HttpStatus.UNPROCESSABLE_ENTITY, 'The source may not be fetched'),
  [ErrorCode.SourceTooLarge]: kind(HttpStatus.UNPROCESSABLE_ENTITY, 'The source sends more than is allowed'),
  [ErrorCode.WebhookNotFound]: kind(HttpStatus.NOT_FOUND, 'There is no such webhook'),
  [ErrorCode.WebhookDisabled]: kind(HttpStatus.CONFLICT, 'The webhook is disabled'),
  [ErrorCode.DeliveryNotFound]: kind(HttpStatus.NOT_FOUND, 'There is no such delivery'),
  [ErrorCode.SourceDrift]: kind(HttpStatus.BAD_GATEWAY, 'The source changed while it was read'),
  [ErrorCode.ScheduleNotFound]: kind(HttpStatus.NOT_FOUND, 'There is no such schedule'),
  [ErrorCode.ScheduleExists]: kind(HttpStatus.CONFLICT, 'The schedule exists already'),
};

export const NOTHING_HERE = 'Nothing is served at this path. /api/v1/docs lists what there is.';

export const problemType = (code: ErrorCode): string => `/problems/${code}`;

export function problemOf(
  code: ErrorCode,
  detail: string,
  context: { requestId: string; places?: readonly ErrorPlace[] },
): Problem {
  const { status, title } = PROBLEMS[code];
  return {
    type: problemType(code),
    title,
    status,
    detail,
    code,
    request_id: context.requestId,
    ...(context.places && context.places.length > 0 && { errors: context.places }),
  };
}
