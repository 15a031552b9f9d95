import { AppError, ErrorCode } from '../common/errors.js';

export class ScheduleNotFound extends AppError {
  readonly code = ErrorCode.ScheduleNotFound;

  constructor(id: string) {
    super(`There is no schedule ${id}, or it is not yours. GET /api/v1/schedules lists yours.`);
  }
}

export class ScheduleExists extends AppError {
  readonly code = ErrorCode.ScheduleExists;

  constructor(name: string) {
    super(`You have a schedule named "${name}" already. Choose another name, or change the one that is there.`);
  }
}
