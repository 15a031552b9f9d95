import type { TableColumn } from '../common/table-column.js';
import type { QueryProgress, QuerySession } from '../platform/query-engine/query-engine.js';

export const FormatName = {
  Csv: 'csv',
  Json: 'json',
  Ndjson: 'ndjson',
  Parquet: 'parquet',
  Xlsx: 'xlsx',
  Zip: 'zip',
} as const;
export type FormatName = (typeof FormatName)[keyof typeof FormatName];

/** A table to render: the relation `table` of the session, in file order, into `file` in the session's folder. */
export interface RenderJob {
  session: QuerySession;
  table: string;
  columns: readonly TableColumn[];
  file: string;
  /** When the run was created: the time of what lies inside the file, so that equal results make equal files. */
  modified: Date;
  /** Name of the file without its extension: what a file inside of it is called. */
  baseName: string;
  onProgress?: (progress: QueryProgress) => void;
}

/** One file format: how it is called and how a table becomes such a file. To add one: a file here and a line in `formats.ts`. */
export interface Format {
  readonly name: FormatName;
  readonly extension: string;
  readonly contentType: string;
  /** Writes the whole file. What had to be changed in the values comes back as warnings for the manifest. */
  render(job: RenderJob): Promise<{ warnings: string[] }>;
}
