import { pointerTo } from '../../common/json-pointer.js';
import type { ErrorPlace } from '../../common/errors.js';
import type { QueryParameter, QueryParameters } from '../../platform/query-engine/query-engine.js';
import { rangeFilter, type RangeSpec } from './range-filter.js';
import { setFilter, type SetSpec } from './set-filter.js';
import type { Scope, ShapedColumn } from './shaped-columns.js';
import type { ShapeSpec } from './shape-spec.js';

export interface RowFilter {
  conditions: string[];
  parameters: QueryParameters;
}

/** The conditions of `filter`, by the macros of the definition language. What does not fit a column is added to `problems`. */
export function rowFilter(filter: ShapeSpec['filter'], scope: Scope, problems: ErrorPlace[]): RowFilter {
  const conditions: string[] = [];
  const parameters: Record<string, QueryParameter> = {};
  for (const [name, spec] of Object.entries(filter)) {
    const pointer = pointerTo('filter', name);
    const column = scope.resolve(name, pointer, problems);
    if (column === null || !restricts(spec)) continue;
    const parameter = `f${String(conditions.length)}`;
    const target = { column, parameter, pointer, problems };
    const isSet = isSetSpec(spec);
    const bound = isSet ? setFilter(spec, target) : rangeFilter(spec, target);
    if (bound === null) continue;
    parameters[parameter] = bound.parameter;
    conditions.push(`${isSet ? 'in_set' : 'in_range'}(${filterValue(column)}, ${bound.argument})`);
  }
  return { conditions, parameters };
}

/** An empty list is what a form with nothing chosen sends: it restricts nothing. */
function restricts(spec: RangeSpec | SetSpec): boolean {
  return Object.values(spec).some((part) => (Array.isArray(part) ? part.length > 0 : part !== undefined));
}

function isSetSpec(spec: RangeSpec | SetSpec): spec is SetSpec {
  return 'include' in spec || 'exclude' in spec;
}

/** Nanoseconds have a narrower span of years, out of which a bound may lie. */
function filterValue({ sql, type }: ShapedColumn): string {
  return type === 'TIMESTAMP_NS' ? `CAST(${sql} AS TIMESTAMP)` : sql;
}
