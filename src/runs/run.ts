import type { ErrorCode } from '../common/errors.js';
import type { TableColumn } from '../common/table-column.js';

export const RunKind = { Report: 'report', Export: 'export' } as const;
export type RunKind = (typeof RunKind)[keyof typeof RunKind];

export const RunStatus = {
  Queued: 'queued',
  Running: 'running',
  Cancelling: 'cancelling',
  Completed: 'completed',
  Error: 'error',
  Cancelled: 'cancelled',
  Expired: 'expired',
} as const;
export type RunStatus = (typeof RunStatus)[keyof typeof RunStatus];

export const RunPhase = { Fetch: 'fetch', Query: 'query', Render: 'render', Upload: 'upload' } as const;
export type RunPhase = (typeof RunPhase)[keyof typeof RunPhase];

/** How far a run is. `percent` is 0 to 100 of the current phase, or null when the work cannot say. */
export interface RunProgress {
  phase: RunPhase;
  percent: number | null;
  rows: number | null;
  pages: number | null;
  /** Fetched or written so far in this phase. */
  bytes: number | null;
  /** Rows per second, over the last seconds of the phase. */
  rate: number | null;
  etaSeconds: number | null;
}

/** Why a run ended in `error`: the same words as a problem answer. */
export interface RunError {
  code: ErrorCode;
  detail: string;
  attempt: number;
}

/** A dataset version that a run reads, pinned when the run was created. */
export interface RunInput {
  name: string;
  version: number;
  id: string;
}

/** The proof that goes with a result. Sizes in bytes, digests as hex SHA-256 of the Parquet file. */
export interface Manifest {
  rows: number;
  bytes: number;
  sha256: string;
  /** Storage key of the result. Never leaves the service. */
  key: string;
  columns: TableColumn[];
  definition: { name: string; version: number };
  datasets: { name: string; version: number }[];
  parameters: Record<string, unknown>;
  /** The moment whose data the rows show: when the dataset versions were pinned. */
  asOf: string;
  engine: string;
  warnings: string[];
  /** What an export's source has to say of where the rows come from: type, pages, bytes. Null for reports. */
  source: Record<string, unknown> | null;
}

/** One execution of a definition or of an export request, as its row says. */
export interface Run {
  id: string;
  owner: string;
  kind: RunKind;
  name: string;
  definitionVersion: number;
  status: RunStatus;
  /** Grows by one with every change of the row. */
  revision: number;
  parameters: Record<string, unknown>;
  format: string | null;
  /** How its files are written; the format's defaults where it says nothing. */
  formatOptions: Record<string, unknown>;
  timeZone: string;
  inputs: RunInput[];
  attempt: number;
  failures: number;
  timeoutSeconds: number;
  deadlineAt: Date | null;
  progress: RunProgress | null;
  error: RunError | null;
  manifest: Manifest | null;
  totalRows: number | null;
  requestId: string | null;
  /** Told of the end of the run, beside the owner's endpoints. */
  callbackUrl: string | null;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
  expiresAt: Date;
}

/** What a caller may decide about a new run. */
export interface NewRun {
  owner: string;
  kind: RunKind;
  name: string;
  definitionVersion: number;
  parameters: Record<string, unknown>;
  format: string | null;
  formatOptions: Record<string, unknown>;
  timeZone: string;
  inputs: RunInput[];
  timeoutSeconds: number | null;
  /** Answer with an equal run that is in flight or completed at most so many seconds ago; 0 = never. */
  maxAgeSeconds: number;
  idempotency: { key: string; requestHash: string } | null;
  requestId: string | null;
  /** See `callbackUrlProblem`. A run that is reused keeps its own. */
  callbackUrl: string | null;
  traceparent: string | null;
}

/** How a create was answered by a run that existed already. */
export interface Reuse {
  kind: 'inflight' | 'cache';
  asOf: Date;
}
