import { AppError, ErrorCode } from '../common/errors.js';

export class KeyNotFound extends AppError {
  readonly code = ErrorCode.KeyNotFound;

  constructor(id: string) {
    super(`There is no key ${id}. GET /api/v1/keys lists them.`);
  }
}
