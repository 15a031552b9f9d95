import { pointerTo } from '../../common/json-pointer.js';
import { ValidationFailed, type ErrorPlace } from '../../common/errors.js';
import { decimalDigits } from './column-type.js';
import { isGrouping } from './grouping.js';
import { shown } from './shape-errors.js';
import type { ShapeSpec } from './shape-spec.js';

const MAX_DIGITS = 38;
const RANGE_KEYS = ['gt', 'gte', 'lt', 'lte'] as const;

/** At creation: what can be known without the columns of the source. Throws `ValidationFailed` with pointers into the body. */
export function checkShape(spec: ShapeSpec): void {
  const problems = [
    ...columnProblems(spec),
    ...Object.entries(spec.filter).flatMap(([name, filter]) => filterProblems(name, filter)),
    ...groupProblems(spec),
    ...sortProblems(spec),
  ];
  if (problems.length > 0) throw ValidationFailed.of(problems);
}

function columnProblems({ columns, other_columns: others, group_by, aggregates }: ShapeSpec): ErrorPlace[] {
  const problems = twice(columns.map(({ name }, index) => ({ name, pointer: pointerTo('columns', index, 'name') })));
  columns.forEach(({ name, column, type }, index) => {
    problems.push(...nameProblems(name, pointerTo('columns', index, 'name')));
    if (typeof column === 'string') problems.push(...nullProblems(column, pointerTo('columns', index, 'column')));
    const digits = decimalDigits(type ?? '');
    if (digits !== null && (digits.width < 1 || digits.width > MAX_DIGITS || digits.scale > digits.width)) {
      const detail = `must be decimal(p,s) with p from 1 to ${String(MAX_DIGITS)} and s at most p`;
      problems.push({ pointer: pointerTo('columns', index, 'type'), detail });
    }
  });
  if (others === 'drop' && columns.length === 0 && group_by.length === 0 && aggregates.length === 0) {
    problems.push({ pointer: '/columns', detail: 'must name a column when all others are dropped' });
  }
  return problems;
}

function filterProblems(name: string, filter: ShapeSpec['filter'][string]): ErrorPlace[] {
  const problems = nullProblems(name, pointerTo('filter', name));
  const has = (key: string): boolean =>
    Object.entries(filter).some(([given, value]) => given === key && value !== undefined);
  for (const key of RANGE_KEYS) {
    if (has(key) && has(`$${key}`)) {
      problems.push({ pointer: pointerTo('filter', name, key), detail: `is given as $${key} too` });
    }
  }
  for (const key of ['gt', 'lt']) {
    const open = has(key) || has(`$${key}`);
    if (open && (has(`${key}e`) || has(`$${key}e`))) {
      problems.push({ pointer: pointerTo('filter', name), detail: `cannot have both $${key} and $${key}e` });
    }
  }
  return problems;
}

function groupProblems({ group_by: groups, aggregates }: ShapeSpec): ErrorPlace[] {
  const names = [
    ...groups.map((name, index) => ({ name, pointer: pointerTo('group_by', index) })),
    ...aggregates.map(({ name }, index) => ({ name, pointer: pointerTo('aggregates', index, 'name') })),
  ];
  const problems = twice(names);
  for (const { name, pointer } of names) problems.push(...nameProblems(name, pointer));
  aggregates.forEach(({ function: kind, column }, index) => {
    const pointer = pointerTo('aggregates', index, 'column');
    if (column === undefined && kind !== 'count') problems.push({ pointer, detail: `is needed by ${kind}` });
    else problems.push(...nullProblems(column ?? '', pointer));
  });
  return problems;
}

/** After grouping there are the groups and the aggregates, and nothing else to sort by. */
function sortProblems(spec: ShapeSpec): ErrorPlace[] {
  const known = new Set([...spec.group_by, ...spec.aggregates.map(({ name }) => name)].map(fold));
  return spec.sort.flatMap(({ column }, index) => {
    const pointer = pointerTo('sort', index, 'column');
    if (!isGrouping(spec) || known.has(fold(column))) return nullProblems(column, pointer);
    return [{ pointer, detail: `is neither in group_by nor an aggregate: ${shown(column)}` }];
  });
}

function twice(names: readonly { name: string; pointer: string }[]): ErrorPlace[] {
  const seen = new Map<string, string>();
  return names.flatMap(({ name, pointer }) => {
    const before = seen.get(fold(name));
    seen.set(fold(name), before ?? pointer);
    return before === undefined ? [] : [{ pointer, detail: `is named ${shown(name)}, as ${before} is` }];
  });
}

function nameProblems(name: string, pointer: string): ErrorPlace[] {
  return name.trim() === '' ? [{ pointer, detail: 'must not be blank' }] : nullProblems(name, pointer);
}

/** No name in SQL can have the character that ends one in C. */
function nullProblems(name: string, pointer: string): ErrorPlace[] {
  return name.includes('\u0000') ? [{ pointer, detail: 'must not contain U+0000' }] : [];
}

const fold = (name: string): string => name.toLowerCase();
