import { pointerTo } from '../../common/json-pointer.js';
import type { ErrorPlace } from '../../common/errors.js';
import { assertNever } from '../../common/assert-never.js';
import { kindOf } from './column-type.js';
import type { Placeable } from './placement.js';
import type { Scope, ShapedColumn } from './shaped-columns.js';
import { shown } from './shape-errors.js';
import type { ShapeSpec } from './shape-spec.js';

type Aggregate = ShapeSpec['aggregates'][number];

/** A column of the grouped rows; `sql` reads what `inner` gives under the alias `k`. */
export interface GroupedColumn extends Placeable {
  sql: string;
}

export interface Grouping {
  /** What is read of each row: SQL by the name that the grouping knows it under. */
  inner: Map<string, string>;
  /** Names in `inner` that rows are grouped by. */
  keys: string[];
  /** Groups in the order of `group_by`, then the aggregates. */
  columns: GroupedColumn[];
  /** Whether the position of the row in the source is needed beside the order of the groups. */
  needsPosition: boolean;
}

/** Name of a row's position in the source, in the relations between the source and the result. */
export const POSITION = 'n';
const SUMMABLE = ['integer', 'decimal', 'double'];

/** What `group_by` and `aggregates` ask for; null when neither is there. What does not fit is added to `problems`. */
export function grouping(spec: ShapeSpec, scope: Scope, problems: ErrorPlace[]): Grouping | null {
  if (!isGrouping(spec)) return null;
  const inner = new Map<string, string>();
  const names = new Map<ShapedColumn, string>();
  const use = (column: ShapedColumn): string => {
    const name = names.get(column) ?? `c${String(names.size)}`;
    names.set(column, name);
    inner.set(name, column.sql);
    return name;
  };
  const columns: GroupedColumn[] = [];
  const keys: string[] = [];
  spec.group_by.forEach((name, index) => {
    const column = scope.resolve(name, pointerTo('group_by', index), problems);
    if (column === null) return;
    const key = use(column);
    keys.push(key);
    columns.push({ name: column.name, order: column.order, rank: column.rank, sql: `k.${key}` });
  });
  spec.aggregates.forEach((aggregate, index) => {
    const column = argumentOf(aggregate, index, { scope, problems });
    const sql = aggregateSql(aggregate, column && `k.${use(column)}`);
    columns.push({ name: aggregate.name, order: null, rank: -1, sql });
  });
  const needsPosition = spec.aggregates.some((aggregate) => ['first', 'last'].includes(aggregate.function));
  return { inner, keys, columns, needsPosition };
}

export function isGrouping(spec: ShapeSpec): boolean {
  return spec.group_by.length > 0 || spec.aggregates.length > 0;
}

function argumentOf(
  { column: name, function: kind }: Aggregate,
  index: number,
  { scope, problems }: { scope: Scope; problems: ErrorPlace[] },
): ShapedColumn | null {
  if (name === undefined) return null;
  const pointer = pointerTo('aggregates', index, 'column');
  const column = scope.resolve(name, pointer, problems);
  if (column !== null && (kind === 'sum' || kind === 'avg') && !SUMMABLE.includes(kindOf(column.type))) {
    const detail = `cannot be used in ${kind}: ${shown(column.name)} is ${column.type}; cast it in columns first`;
    problems.push({ pointer, detail });
  }
  return column;
}

/** Without a value (`count` only) rows are counted. `first` and `last` are those of the source's order, also when NULL. */
function aggregateSql({ function: kind }: Aggregate, value: string | null): string {
  const argument = value ?? '*';
  switch (kind) {
    case 'count':
    case 'sum':
    case 'min':
    case 'max':
    case 'avg':
      return `${kind}(${argument})`;
    case 'count_distinct':
      return `count(DISTINCT ${argument})`;
    case 'first':
      return `arg_min_null(${argument}, k.${POSITION})`;
    case 'last':
      return `arg_max_null(${argument}, k.${POSITION})`;
    default:
      return assertNever(kind);
  }
}
