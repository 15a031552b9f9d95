import type { QueryColumn, QueryParameters } from '../../platform/query-engine/query-engine.js';
import type { ShapeSpec } from './shape-spec.js';

/** One SELECT over a relation, with values bound and never spliced. */
export interface ShapedQuery {
  sql: string;
  parameters: QueryParameters;
  /** Whether every row of the relation is a row of the result. */
  keepsRows: boolean;
  warnings: string[];
}

/**
 * The SELECT that shapes a relation with these columns. Throws `ShapeInvalid`, with pointers into the request, for names and
 * indexes that the relation does not have and for names that come out twice.
 */
export function shapeQuery(table: string, columns: readonly QueryColumn[], spec: ShapeSpec): ShapedQuery {
  throw new Error(`not built: ${table} ${String(columns.length)} ${spec.nested}`);
}
