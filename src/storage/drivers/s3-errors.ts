import { S3ServiceException } from '@aws-sdk/client-s3';
import { AppError } from '../../common/errors.js';
import { StorageFull, StorageUnavailable } from '../storage-errors.js';

const INSUFFICIENT_STORAGE = 507;

/** Waits for an answer of the server; every failure becomes a `StorageUnavailable` with the failure as its cause. */
export async function answered<T>(request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    throw unavailable(error);
  }
}

export function unavailable(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return isFull(error) ? new StorageFull({ cause: error }) : new StorageUnavailable({ cause: error });
}

/** Amazon's S3 is never full. Ceph and MinIO say so by these names, and servers that speak WebDAV's statuses by 507. */
function isFull(error: unknown): boolean {
  if (isNamed(error, 'QuotaExceeded', 'XMinioStorageFull', 'XMinioAdminBucketQuotaExceeded')) return true;
  return error instanceof S3ServiceException && error.$metadata.httpStatusCode === INSUFFICIENT_STORAGE;
}

/** S3 names its errors; a HEAD has no body to name one in and answers `NotFound`. */
export function isNamed(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}
