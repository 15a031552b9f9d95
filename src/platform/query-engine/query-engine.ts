/** A value bound to a named parameter of a statement, with the SQL type it is bound as. Never spliced into text. */
export type QueryParameter =
  | { type: ScalarType; value: string | number | bigint | boolean | null }
  | { type: 'LIST'; of: ScalarType; value: readonly (string | number | bigint | boolean)[] | null }
  | {
      type: 'STRUCT';
      fields: Readonly<Record<string, QueryParameter>> | null;
      shape: Readonly<Record<string, FieldType>>;
    };

export type ScalarType = 'VARCHAR' | 'BIGINT' | 'DOUBLE' | 'BOOLEAN' | 'DATE' | 'TIMESTAMP' | 'TIMESTAMPTZ';
/** Type of a field of a STRUCT parameter, known also when the whole STRUCT is NULL. */
export type FieldType = ScalarType | `${ScalarType}[]`;
export type QueryParameters = Readonly<Record<string, QueryParameter>>;

/** A column as DuckDB names it: `type` is its SQL type text, for example `DECIMAL(18,3)` or `STRUCT(a VARCHAR)[]`. */
export interface QueryColumn {
  name: string;
  type: string;
}

export interface QueryLimits {
  memoryMb: number;
  threads: number;
  spillMb: number;
  /** Rows that `materialize` may write; no bound without it. */
  rows?: number;
}

export interface SessionOptions {
  /** Existing private folder: the only place that statements can read and write; spill files go below it. */
  directory: string;
  limits?: Partial<QueryLimits>;
  /** IANA zone that times without one are understood in; default UTC. */
  timeZone?: string;
  /** When it aborts, the running statement is interrupted and rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** Percentage 0..100 of the running statement as far as the engine knows it, and rows processed. */
export interface QueryProgress {
  percent: number | null;
  rows: number | null;
}

export interface QueryOptions {
  parameters?: QueryParameters;
  onProgress?: (progress: QueryProgress) => void;
}

/** One private engine. Statements run one at a time. Errors are `QueryInvalid`, `QueryFailed`, `QueryOutOfMemory`, `QuerySpillLimit`. */
export interface QuerySession {
  /**
   * Makes a Parquet file of the session's folder readable as `name`. Columns of `expected` (name -> SQL type)
   * that the file lacks are added as NULL, so that a definition works on data that misses optional fields.
   * Files are given by name, or by their path in the session's folder.
   */
  relate(name: string, file: string, expected?: Readonly<Record<string, string>>): Promise<void>;
  /** Makes a SELECT of ours readable as `name`, over files of the session's folder. */
  define(name: string, select: string): Promise<void>;
  /** Runs a statement of ours and returns its rows: 64-bit integers as bigint, decimals and times as text. */
  query(sql: string, options?: QueryOptions): Promise<Record<string, unknown>[]>;
  /** Binds an untrusted SELECT without running it. Throws `QueryInvalid` with the engine's message and position. */
  describe(sql: string, parameters?: QueryParameters): Promise<QueryColumn[]>;
  /** Runs an untrusted SELECT into a Parquet file of the session's folder, in the order of the query. Returns the number of rows. Throws `LimitReached` at the first one beyond the limit. */
  materialize(sql: string, file: string, options?: QueryOptions): Promise<number>;
  /** Ends the engine and removes what it spilled. Safe to call twice. */
  close(): Promise<void>;
}

/** Runs SQL over Parquet files. The port exists so that a distributed engine can take the place of the embedded one. */
export abstract class QueryEngine {
  abstract open(options: SessionOptions): Promise<QuerySession>;
}

/**
 * The same in a process of its own per session: the memory of a statement is never that of this process, and goes with the
 * session. An abort or `close` ends the process, and what a statement was writing stays in the folder, unfinished. For
 * small answers only: more than 10,000 rows of a `query` are refused. Also throws `QueryEngineLost`.
 */
export abstract class IsolatedQueryEngine extends QueryEngine {}
