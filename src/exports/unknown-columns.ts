import { isGrouping } from './shape/grouping.js';
import type { ShapeSpec } from './shape/shape-spec.js';

/** Of a file about which nothing is known at all. */
const PLACEHOLDER = 'column1';

/**
 * What is left of a shape when the source had no records, so that nobody knows its columns: the columns that the request
 * names, so that a file without rows has the same ones as on other days. Returns their names, as the source would have
 * them, and the shape.
 */
export function shapeOfNothing(spec: ShapeSpec): { names: string[]; spec: ShapeSpec } {
  const rest = { ...spec, filter: {}, group_by: [], aggregates: [], sort: [] };
  if (isGrouping(spec)) {
    const names = [...spec.group_by, ...spec.aggregates.map(({ name }) => name)];
    return { names, spec: { ...rest, columns: [] } };
  }
  if (spec.columns.length === 0) return { names: [PLACEHOLDER], spec: rest };
  const columns = spec.columns.map((column) => ({ ...column, column: column.name }));
  return { names: columns.map(({ name }) => name), spec: { ...rest, columns } };
}
