import { AppError, ErrorCode } from '../common/errors.js';

/** The table is wider than a sheet can be. */
export class TooManyColumns extends AppError {
  readonly code = ErrorCode.RenderFailed;

  constructor(columns: number, most: number) {
    super(
      `An XLSX sheet holds at most ${most.toLocaleString('en')} columns, and the result has ${columns.toLocaleString('en')}. ` +
        'Select fewer columns, or ask for another format, such as csv or parquet.',
    );
  }
}
