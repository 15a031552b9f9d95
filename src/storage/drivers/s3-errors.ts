import { AppError } from '../../common/errors.js';
import { StorageUnavailable } from '../storage-errors.js';

/** Waits for an answer of the server; every failure becomes a `StorageUnavailable` with the failure as its cause. */
export async function answered<T>(request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    throw unavailable(error);
  }
}

export function unavailable(error: unknown): AppError {
  return error instanceof AppError ? error : new StorageUnavailable({ cause: error });
}

/** S3 names its errors; a HEAD has no body to name one in and answers `NotFound`. */
export function isNamed(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}
