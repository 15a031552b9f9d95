import { AppError, ErrorCode, type AppErrorOptions, type ErrorPlace } from '../common/errors.js';

/** Names are SQL identifiers that need no quotes. */
export const DATASET_NAME = /^[a-z][a-z0-9_]{0,62}$/;

export const SourceFormat = { Csv: 'csv', Ndjson: 'ndjson', Json: 'json', Parquet: 'parquet' } as const;
export type SourceFormat = (typeof SourceFormat)[keyof typeof SourceFormat];

/** `type` is the SQL type of the query engine. */
export interface DatasetColumn {
  name: string;
  type: string;
}

/** Immutable content: one Parquet file in storage. Versions count from 1 within a dataset. */
export interface DatasetVersion {
  id: string;
  version: number;
  rows: bigint;
  /** Size of the Parquet file. */
  bytes: bigint;
  /** Hex digest of the Parquet file. */
  sha256: string;
  columns: readonly DatasetColumn[];
  sourceFormat: SourceFormat;
  createdAt: Date;
}

/** A named table; `versions` newest first, empty before the first upload. */
export interface Dataset {
  id: string;
  owner: string;
  name: string;
  description: string | null;
  createdAt: Date;
  versions: readonly DatasetVersion[];
}

/** A version of a dataset as a run keeps it: `id` is the version's. */
export interface PinnedVersion {
  name: string;
  version: number;
  id: string;
}

export const versionFolder = (datasetId: string, versionId: string): string => `datasets/${datasetId}/${versionId}/`;

/** A version has a folder of its own, because storage removes folders. */
export const versionKey = (datasetId: string, versionId: string): string =>
  `${versionFolder(datasetId, versionId)}data.parquet`;

export class DatasetNotFound extends AppError {
  readonly code = ErrorCode.DatasetNotFound;

  constructor(name: string, options: AppErrorOptions = {}) {
    super(`There is no dataset "${name}" with content. Upload it with PUT /api/v1/datasets/${name}/content.`, options);
  }
}

export class DatasetExists extends AppError {
  readonly code = ErrorCode.DatasetExists;

  constructor(name: string, options: AppErrorOptions = {}) {
    super(`There is a dataset "${name}" already. Upload to it, or delete it first.`, options);
  }
}

/** The content cannot become a table. Places name lines and columns of the uploaded file. */
export class DatasetInvalid extends AppError {
  readonly code = ErrorCode.DatasetInvalid;

  static at(place: ErrorPlace, options: AppErrorOptions = {}): DatasetInvalid {
    const where = [
      place.line === undefined ? '' : `line ${String(place.line)}`,
      place.column === undefined ? '' : `column ${String(place.column)}`,
    ].filter(Boolean);
    const message = where.length > 0 ? `At ${where.join(', ')}: ${place.detail}` : place.detail;
    return new DatasetInvalid(message, { ...options, places: [place] });
  }
}

export class UploadTooLarge extends AppError {
  readonly code = ErrorCode.PayloadTooLarge;

  constructor(what: 'as received' | 'unpacked', limitBytes: number) {
    super(
      `The file is larger than the ${String(limitBytes)} bytes that an upload may have ${what}. Upload it in parts.`,
    );
  }
}

/** The connection ended before the file did. Nothing was kept. */
export class UploadIncomplete extends AppError {
  readonly code = ErrorCode.UploadIncomplete;

  constructor(options: AppErrorOptions = {}) {
    super('The upload was cut off before its end. Nothing was kept; upload the file again.', options);
  }
}
