import { pointerTo } from '../../common/json-pointer.js';
import type { ErrorPlace } from '../../common/errors.js';
import type { QueryColumn, QueryParameters } from '../../platform/query-engine/query-engine.js';
import { MAX_SQL_BYTES, quoteName } from '../../platform/query-engine/statement-text.js';
import { rowFilter } from './filter.js';
import { SOURCE_ALIAS, sourceColumns } from './flatten.js';
import { grouping, type Grouping } from './grouping.js';
import { place } from './placement.js';
import { groupedSelect, plainSelect, sortedSelect, type SortKey } from './select-text.js';
import { checkNames, Scope, shapeColumns, type ShapedColumn, type ShapedColumns } from './shaped-columns.js';
import { ShapeInvalid, shown } from './shape-errors.js';
import type { ShapeSpec } from './shape-spec.js';

/** One SELECT over a relation, with values bound and never spliced. */
export interface ShapedQuery {
  sql: string;
  parameters: QueryParameters;
  /** Whether every row of the relation is a row of the result. */
  keepsRows: boolean;
  warnings: string[];
}

const MAX_WARNINGS = 20;

/**
 * The SELECT that shapes a relation with these columns. Rows keep the order of the relation: groups stand where their first
 * row does, and equal rows of a sort as they were. Throws `ShapeInvalid`, with pointers into the request, for names and
 * indexes that the relation does not have, for names that come out twice, and for values that do not fit their column.
 */
export function shapeQuery(table: string, columns: readonly QueryColumn[], spec: ShapeSpec): ShapedQuery {
  const problems: ErrorPlace[] = [];
  const source = sourceColumns(columns, spec.nested);
  const shaped = shapeColumns(source, spec, problems);
  checkNames(shaped.kept, problems);
  if (shaped.kept.length === 0) {
    const detail = 'leaves no column: the source has none of those that are listed, and all others are dropped';
    problems.push({ pointer: '/columns', detail });
  }
  const scope = new Scope(shaped);
  const { conditions, parameters } = rowFilter(spec.filter, scope, problems);
  const where = conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : '';
  const from = `FROM ${quoteName(table)} AS ${SOURCE_ALIAS}${where}`;
  const groups = grouping(spec, scope, problems);
  const context = { from, spec, problems };
  const { sql, warnings } = groups === null ? rowsOf(shaped, scope, context) : groupsOf(groups, context);
  if (Buffer.byteLength(sql) > MAX_SQL_BYTES) {
    const detail = `leads to more SQL than the ${String(MAX_SQL_BYTES / 1024)} KB that the engine takes; use fewer columns`;
    problems.push({ pointer: '/columns', detail });
  }
  if (problems.length > 0) throw ShapeInvalid.of(problems, source);
  const keepsRows = conditions.length === 0 && groups === null && spec.limit === undefined;
  return { sql, parameters, keepsRows, warnings: shortened([...shaped.warnings, ...warnings]) };
}

interface Context {
  from: string;
  spec: ShapeSpec;
  problems: ErrorPlace[];
}

interface Selection {
  sql: string;
  warnings: string[];
}

function rowsOf(shaped: ShapedColumns, scope: Scope, { from, spec, problems }: Context): Selection {
  const { placed, warnings } = place(shaped.kept);
  const isAsRead = shaped.untouched && placed.every(({ sql, name }) => sql === `${SOURCE_ALIAS}.${quoteName(name)}`);
  const columns = isAsRead ? null : placed;
  const sort: SortKey<ShapedColumn>[] = [];
  spec.sort.forEach(({ column: name, direction }, index) => {
    const column = scope.resolve(name, pointerTo('sort', index, 'column'), problems);
    if (column !== null) sort.push({ column, direction });
  });
  const query = { columns, from, limit: spec.limit };
  if (sort.length === 0) return { sql: plainSelect(query), warnings };
  return { sql: sortedSelect({ ...query, names: placed.map(({ name }) => name), sort }), warnings };
}

function groupsOf(groups: Grouping, { from, spec, problems }: Context): Selection {
  const { placed, warnings } = place(groups.columns);
  const known = new Map(placed.map((column) => [column.name.toLowerCase(), column]));
  const sort: SortKey<{ name: string }>[] = [];
  spec.sort.forEach(({ column: name, direction }, index) => {
    const column = known.get(name.toLowerCase());
    if (column !== undefined) {
      sort.push({ column, direction });
      return;
    }
    const detail = `is neither a group nor an aggregate: ${shown(name)}`;
    problems.push({ pointer: pointerTo('sort', index, 'column'), detail });
  });
  return { sql: groupedSelect({ groups, columns: placed, from, sort, limit: spec.limit }), warnings };
}

function shortened(warnings: readonly string[]): string[] {
  if (warnings.length <= MAX_WARNINGS) return [...warnings];
  const rest = warnings.length - MAX_WARNINGS;
  return [
    ...warnings.slice(0, MAX_WARNINGS),
    `And ${String(rest)} more columns that are left out or not at the place they asked for.`,
  ];
}
