import type { Bounds } from '../../limits/bounds.js';
import type { QueryColumn, QuerySession } from '../../platform/query-engine/query-engine.js';
import type { RunContext } from '../../runs/run-context.js';
import type { RunInput } from '../../runs/run.js';

/** Name of the relation that a source makes in the session. */
export const SOURCE_TABLE = 'source';

/** Who asks for the export, and with which part of the body. */
export interface SourceCheck<S> {
  owner: string;
  spec: S;
}

/** What a worker hands to a source. `session` has the attempt's folder, in which files may be put. */
export interface SourceJob<S> {
  spec: S;
  context: RunContext;
  session: QuerySession;
  /** What the source may bring. Its signal is that of the context. */
  bounds: Bounds;
  /** Objects inside of rows: STRUCT columns when they will be flattened, else text of JSON. */
  nested: 'json' | 'flatten';
}

/** The rows of a source, readable as the relation `source`, in the order of the source. */
export interface Staged {
  /** Empty when there were no records to know them from; then there need not be a relation. */
  columns: readonly QueryColumn[];
  /** Rows that the source says it has given; the relation must have as many. Null if it cannot say. */
  rows: number | null;
  warnings: readonly string[];
  /** What the manifest says of where the rows come from; never a secret. */
  facts: Record<string, unknown>;
}

/** Where an export takes its rows from. To add one: a file here, its schema in `export-spec.ts`, a line in `sources.ts`. */
export abstract class Source<S = unknown> {
  /**
   * At creation, in the API: what the schema cannot tell. Throws `ValidationFailed` with pointers below `/source`. Returns the
   * dataset versions to pin.
   */
  abstract check(request: SourceCheck<S>): Promise<RunInput[]>;
  /**
   * After `check`, in the API: the columns that the rows will have, so that the shape is checked before the run. Null when
   * only the run can tell. Throws as `check` does.
   */
  async describe(_request: SourceCheck<S>): Promise<readonly QueryColumn[] | null> {
    return null;
  }
  /** At creation, in the API: the part of the body as the run's row keeps it, without a secret in clear. */
  keep(spec: S): S {
    return spec;
  }
  /** In the worker: brings the rows. Throws `SourceFailed` and its like, and `LimitReached`; must end soon after `context.signal` aborts. */
  abstract stage(job: SourceJob<S>): Promise<Staged>;
}

/** The columns of the relation `source`, once it is there. */
export async function columnsOf(session: QuerySession): Promise<QueryColumn[]> {
  const described = await session.query(`DESCRIBE ${SOURCE_TABLE}`);
  return described.map((row) => ({ name: String(row['column_name']), type: String(row['column_type']) }));
}
