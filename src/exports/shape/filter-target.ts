import type { ErrorPlace } from '../../common/errors.js';
import type { QueryParameter } from '../../platform/query-engine/query-engine.js';
import { shown } from './shape-errors.js';
import type { ShapedColumn } from './shaped-columns.js';

/** A parameter for a macro, and the SQL that hands it over (`$f0`, or its fields in the type of the column). */
export interface BoundFilter {
  parameter: QueryParameter;
  argument: string;
}

/** What a filter is made for. `parameter` is the name that its values are bound as; `pointer` leads to the filter. */
export interface FilterTarget {
  column: ShapedColumn;
  parameter: string;
  pointer: string;
  problems: ErrorPlace[];
}

/** For values that the type of the column cannot be compared with. */
export function misfit({ column }: FilterTarget, expected: string): string {
  return `must be ${expected}, because ${shown(column.name)} is ${column.type}`;
}
