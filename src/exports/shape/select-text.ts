import { quoteName } from '../../platform/query-engine/statement-text.js';
import { SOURCE_ALIAS } from './flatten.js';
import { POSITION, type GroupedColumn, type Grouping } from './grouping.js';

/**
 * The position of a row in the source. Rows are then read by one thread, so that it is asked for only where order needs it:
 * 3 million rows of 8 columns, 2 threads: 0.5 s as they are, 0.75 s sorted, 1.1 s sorted with positions; groups 0.03 and 0.05 s.
 */
const ROW_NUMBER = 'row_number() OVER ()';

export interface SortKey<T> {
  column: T;
  direction: 'asc' | 'desc';
}

interface Readable {
  name: string;
  sql: string;
}

interface PlainQuery {
  /** Null for all of the source as they are. */
  columns: readonly Readable[] | null;
  /** FROM and WHERE. */
  from: string;
  limit: number | undefined;
}

export function plainSelect({ columns, from, limit }: PlainQuery): string {
  return `SELECT ${columns === null ? '*' : listOf(columns)} ${from}${limitText(limit)}`;
}

/** Rows that are equal in the sort keys keep their order: the engine's own sort does not promise that. */
export function sortedSelect(query: PlainQuery & { names: readonly string[]; sort: SortKey<Readable>[] }): string {
  const { columns, from, limit, names, sort } = query;
  const taken = new Set(names.map((name) => name.toLowerCase()));
  const hidden: Readable[] = [];
  const keys = sort.map(({ column, direction }) => {
    if (taken.has(column.name.toLowerCase())) return keyText(column.name, direction);
    hidden.push({ name: freeName(`k${String(hidden.length)}_`, taken), sql: column.sql });
    return keyText(hidden.at(-1)?.name ?? '', direction);
  });
  const position = freeName(POSITION, taken);
  const list = [columns === null ? '*' : listOf(columns), ...hidden.map(itemOf), `${ROW_NUMBER} AS ${position}`];
  const excluded = [...hidden.map(({ name }) => name), position].join(', ');
  return (
    `SELECT * EXCLUDE (${excluded}) FROM (SELECT ${list.join(', ')} ${from}) AS t ` +
    `ORDER BY ${[...keys, `t.${position}`].join(', ')}${limitText(limit)}`
  );
}

interface GroupedQuery {
  groups: Grouping;
  columns: readonly GroupedColumn[];
  from: string;
  sort: readonly SortKey<{ name: string }>[];
  limit: number | undefined;
}

/** Groups are in the order of their first rows, also where a sort finds them equal. */
export function groupedSelect({ groups, columns, from, sort, limit }: GroupedQuery): string {
  const { inner, keys, needsPosition } = groups;
  const isOrdered = keys.length > 0;
  const read = [...inner].map(([name, sql]) => `${sql} AS ${name}`);
  if (isOrdered || needsPosition) read.push(`${ROW_NUMBER} AS ${POSITION}`);
  const rows = `SELECT ${read.length > 0 ? read.join(', ') : '1 AS one'} ${from}`;
  if (!isOrdered) return `SELECT ${listOf(columns)} FROM (${rows}) AS k${limitText(limit)}`;
  const taken = new Set(columns.map(({ name }) => name.toLowerCase()));
  const first = freeName(POSITION, taken);
  const grouped = `SELECT ${listOf(columns)}, min(k.${POSITION}) AS ${first} FROM (${rows}) AS k GROUP BY ${keys
    .map((key) => `k.${key}`)
    .join(', ')}`;
  const order = [...sort.map(({ column, direction }) => keyText(column.name, direction)), `t.${first}`];
  return `SELECT * EXCLUDE (${first}) FROM (${grouped}) AS t ORDER BY ${order.join(', ')}${limitText(limit)}`;
}

function listOf(columns: readonly Readable[]): string {
  return columns.map(itemOf).join(', ');
}

function itemOf({ name, sql }: Readable): string {
  return sql === `${SOURCE_ALIAS}.${quoteName(name)}` ? sql : `${sql} AS ${quoteName(name)}`;
}

function keyText(name: string, direction: 'asc' | 'desc'): string {
  return `t.${quoteName(name)} ${direction === 'desc' ? 'DESC' : 'ASC'} NULLS LAST`;
}

function limitText(limit: number | undefined): string {
  return limit === undefined ? '' : ` LIMIT ${String(limit)}`;
}

/** A name of ours that no column has. */
function freeName(base: string, taken: ReadonlySet<string>): string {
  let name = base;
  while (taken.has(name)) name += '_';
  return name;
}
