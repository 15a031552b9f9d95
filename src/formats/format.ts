import type { TableColumn } from '../common/table-column.js';
import type { QueryProgress, QuerySession } from '../platform/query-engine/query-engine.js';
import type { RecordFrame } from './joined-records.js';

export const FormatName = {
  Csv: 'csv',
  Json: 'json',
  Ndjson: 'ndjson',
  Parquet: 'parquet',
  Xlsx: 'xlsx',
  Zip: 'zip',
} as const;
export type FormatName = (typeof FormatName)[keyof typeof FormatName];

/** How CSV is written: `machine` is RFC 4180 for programs, the others what Excel opens by a double click in that locale. */
export const CsvProfile = { Machine: 'machine', ExcelEu: 'excel-eu', ExcelUs: 'excel-us' } as const;
export type CsvProfile = (typeof CsvProfile)[keyof typeof CsvProfile];

export const LineEnd = { Lf: 'lf', Crlf: 'crlf' } as const;
export type LineEnd = (typeof LineEnd)[keyof typeof LineEnd];

/** How a file is written. Absent fields have the format's default; fields that a format has no use for are ignored by it. */
export interface FormatOptions {
  /** CSV: what the following three and `neutralizeFormulas` default to. Default `machine`. */
  profile?: CsvProfile;
  /** CSV: one character of ASCII, not a letter, digit, quote or line end. */
  delimiter?: string;
  /** CSV: whether the file starts with a byte order mark. */
  bom?: boolean;
  lineEnd?: LineEnd;
  /** CSV: what stands for NULL, unquoted. Default: nothing, and then empty text is `""`. */
  nullText?: string;
  /** Text that a spreadsheet would take for a formula is made plain text. Default: on for xlsx and the excel profiles. */
  neutralizeFormulas?: boolean;
  /** csv, json, ndjson: compress the file with gzip. */
  gzip?: boolean;
  /** zip: begin another inner file after so many rows. */
  maxRowsPerFile?: number;
  /** zip: what the inner files are; default csv. */
  innerFormat?: InnerFormat;
}

/** What a ZIP archive can hold. */
export type InnerFormat = Exclude<FormatName, 'zip'>;

/** A table to render: the relation `table` of the session, in file order, into `file` in the session's folder. */
export interface RenderJob {
  session: QuerySession;
  table: string;
  columns: readonly TableColumn[];
  file: string;
  /** The Parquet file whose rows are those of the table, as they are and all of them, where there is one. */
  kept?: string;
  /** When the run was created: the time of what lies inside the file, so that equal results make equal files. */
  modified: Date;
  /** Name of the file without its extension: what a file inside of it is called. */
  baseName: string;
  options: FormatOptions;
  onProgress?: (progress: QueryProgress) => void;
  /** The signal of the session: when it aborts, what the engine still has to say is not waited for. */
  signal?: AbortSignal;
}

/** What became of a table. */
export interface Rendered {
  /** Rows in the file, counted where they were written: whoever renders compares it with the rows of the table. */
  rows: number;
  /** What had to be changed in the values, for the manifest. */
  warnings: string[];
}

/** What a text format asks of the engine: the rows in the form they have in the file, and the options of COPY. */
export interface Copy {
  select: string;
  options: string;
  /** What is changed in the values on the way, for the manifest. */
  warnings?: string[];
  /** How the same bytes are made of a table that is too wide for one statement. */
  wide?: WideCopy | undefined;
}

/** What a text format asks of the engine for some columns at a time, a line for each row, and how the lines are joined. */
export interface WideCopy {
  /** SQL of the value of each column, under the column's name. */
  values: readonly string[];
  options: string;
  frame: RecordFrame;
}

/** What a file is called by. */
export interface FileKind {
  /** Without a dot at its start. */
  readonly extension: string;
  readonly contentType: string;
}

/** One file format: how it is called and how a table becomes such a file. To add one: a file here and a line in `formats.ts`. */
export interface Format extends FileKind {
  readonly name: FormatName;
  /** Writes the whole file. */
  render(job: RenderJob): Promise<Rendered>;
  /** The one COPY that makes the bytes, where one does: they can go elsewhere than into a file. */
  copy?(job: RenderJob): Promise<Copy>;
}
