/** Every code that a client can meet, in a problem answer or in the `error` of a run. Documented in docs/errors.md. */
export const ErrorCode = {
  MalformedRequest: 'malformed-request',
  ValidationFailed: 'validation-failed',
  NotFound: 'not-found',
  MethodNotAllowed: 'method-not-allowed',
  NotAcceptable: 'not-acceptable',
  UnsupportedMediaType: 'unsupported-media-type',
  PayloadTooLarge: 'payload-too-large',
  PreconditionFailed: 'precondition-failed',
  RangeNotSatisfiable: 'range-not-satisfiable',
  Unauthenticated: 'unauthenticated',
  InsufficientScope: 'insufficient-scope',
  HostRefused: 'host-refused',
  LimitReached: 'limit-reached',
  KeyNotFound: 'key-not-found',
  TooManyRequests: 'too-many-requests',
  ServiceUnavailable: 'service-unavailable',
  InternalError: 'internal-error',
  RunNotFound: 'run-not-found',
  RunAlreadyEnded: 'run-already-ended',
  RunNotCompleted: 'run-not-completed',
  ResultExpired: 'result-expired',
  IdempotencyKeyReused: 'idempotency-key-reused',
  DefinitionNotFound: 'definition-not-found',
  DefinitionExists: 'definition-exists',
  DefinitionReadOnly: 'definition-read-only',
  DefinitionInvalid: 'definition-invalid',
  DatasetNotFound: 'dataset-not-found',
  DatasetExists: 'dataset-exists',
  DatasetInvalid: 'dataset-invalid',
  UploadIncomplete: 'upload-incomplete',
  LinkInvalid: 'link-invalid',
  QueryFailed: 'query-failed',
  QueryOutOfMemory: 'query-out-of-memory',
  QuerySpillLimit: 'query-spill-limit',
  QueryEngineLost: 'query-engine-lost',
  ShapeInvalid: 'shape-invalid',
  SourceFailed: 'source-failed',
  SourceDrift: 'source-drift',
  RunDeadlineExceeded: 'run-deadline-exceeded',
  RunWorkerLost: 'run-worker-lost',
  RunInterrupted: 'run-interrupted',
  WorkerDiskFull: 'worker-disk-full',
  RenderFailed: 'render-failed',
  RowCountMismatch: 'row-count-mismatch',
  StorageUnavailable: 'storage-unavailable',
  StorageFull: 'storage-full',
  SourceUnreachable: 'source-unreachable',
  SourceRefused: 'source-refused',
  SourceTooLarge: 'source-too-large',
  WebhookNotFound: 'webhook-not-found',
  WebhookDisabled: 'webhook-disabled',
  DeliveryNotFound: 'delivery-not-found',
  ScheduleNotFound: 'schedule-not-found',
  ScheduleExists: 'schedule-exists',
} as const;

export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/** One bad place in the input: `pointer` is an RFC 6901 JSON Pointer into the body; line and column count from 1. */
export interface ErrorPlace {
  pointer?: string;
  line?: number;
  column?: number;
  detail: string;
}

export interface AppErrorOptions {
  cause?: unknown;
  places?: readonly ErrorPlace[];
  /** Seconds after which trying again makes sense. */
  retryAfter?: number;
}

/** An error that a client may read: `message` names what is wrong and what to do next, never an internal. */
export abstract class AppError extends Error {
  abstract readonly code: ErrorCode;
  readonly logLevel: 'debug' | 'warn' | 'error' = 'debug';
  /** Whether the same work may succeed when it is tried again later. */
  readonly retryable: boolean = false;
  readonly places: readonly ErrorPlace[];
  readonly retryAfter: number | undefined;

  constructor(message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.places = options.places ?? [];
    this.retryAfter = options.retryAfter;
  }
}

export class ValidationFailed extends AppError {
  readonly code = ErrorCode.ValidationFailed;

  static at(pointer: string, detail: string): ValidationFailed {
    return ValidationFailed.of([{ pointer, detail }]);
  }

  static of(places: readonly ErrorPlace[]): ValidationFailed {
    return new ValidationFailed('The request has fields that cannot be used.', { places });
  }
}

export class ServiceUnavailable extends AppError {
  readonly code = ErrorCode.ServiceUnavailable;
  override readonly logLevel = 'warn';
  override readonly retryable = true;
}

/** More than the owner may have. Trying again does not help by itself, unless a subclass says so. */
export class LimitReached extends AppError {
  readonly code = ErrorCode.LimitReached;
}
