import { pointerTo } from '../../common/json-pointer.js';
import type { ErrorPlace } from '../../common/errors.js';
import { cast } from './casts.js';
import type { SourceColumn } from './flatten.js';
import type { ShapeSpec } from './shape-spec.js';
import { listNames, shown } from './shape-errors.js';

/** A column under its new name. `order` and `rank` as in `Placeable`; `where` says in words where it comes from. */
export interface ShapedColumn extends SourceColumn {
  order: number | null;
  rank: number;
  where: string;
  /** Where in the request its name is given; null when it keeps the name that it has. */
  pointer: string | null;
}

export interface ShapedColumns {
  /** Those that the file has, before they are placed: as in the source, or as listed when the others are dropped. */
  kept: ShapedColumn[];
  /** What `columns` does not name when the others are dropped: rows can still be filtered, grouped and sorted by it. */
  dropped: ShapedColumn[];
  /** Whether nothing was renamed, cast, copied or left out. */
  untouched: boolean;
  warnings: string[];
}

/** Applies `columns` and `other_columns`, all but the places. What does not fit is added to `problems`. */
export function shapeColumns(source: readonly SourceColumn[], spec: ShapeSpec, problems: ErrorPlace[]): ShapedColumns {
  const listed = new Map<number, ShapedColumn[]>();
  const inListOrder: ShapedColumn[] = [];
  const warnings: string[] = [];
  const find = columnFinder(source);
  spec.columns.forEach((entry, rank) => {
    const found = find(entry.column);
    const index = typeof found === 'number' ? found : -1;
    const origin = source[index];
    if (origin === undefined) {
      const pointer = pointerTo('columns', rank, 'column');
      if (spec.missing_columns === 'skip')
        warnings.push(`Column ${shown(entry.name)} is left out: ${pointer} ${String(found)}.`);
      else problems.push({ pointer, detail: String(found) });
      return;
    }
    const renamed = { ...origin, name: entry.name };
    const typed = entry.type === undefined ? renamed : cast(renamed, entry.type);
    if (typed === null) {
      const detail = `cannot be ${String(entry.type)}: ${shown(origin.name)} is ${origin.type}`;
      problems.push({ pointer: pointerTo('columns', rank, 'type'), detail });
    }
    const pointer = pointerTo('columns', rank, 'name');
    const where = `${pointerTo('columns', rank)} (${shown(origin.name)} of the source)`;
    const column = { ...(typed ?? renamed), order: entry.change_order ?? null, rank, where, pointer };
    listed.set(index, [...(listed.get(index) ?? []), column]);
    inListOrder.push(column);
  });
  const others = source.map((column, index) => listed.get(index) ?? [asItIs(column, index)]);
  const isDropping = spec.other_columns === 'drop';
  const dropped = isDropping ? others.flat().filter(({ pointer }) => pointer === null) : [];
  return {
    kept: isDropping ? inListOrder : others.flat(),
    dropped,
    untouched: !isDropping && listed.size === 0,
    warnings,
  };
}

function asItIs(column: SourceColumn, index: number): ShapedColumn {
  return { ...column, order: null, rank: -1, where: `column ${String(index)} of the source`, pointer: null };
}

/** Index of a column by what `column` says, or what is wrong with it. A name of the same case goes before one of another. */
function columnFinder(source: readonly SourceColumn[]): (asked: number | string) => number | string {
  const exact = new Map<string, number[]>();
  const folded = new Map<string, number[]>();
  source.forEach(({ name }, index) => {
    exact.set(name, [...(exact.get(name) ?? []), index]);
    const key = name.toLowerCase();
    folded.set(key, [...(folded.get(key) ?? []), index]);
  });
  return (asked) => {
    if (typeof asked === 'number') {
      if (asked < source.length) return asked;
      return `is outside: the columns of the source are 0 to ${String(source.length - 1)}`;
    }
    const [index, second] = exact.get(asked) ?? folded.get(asked.toLowerCase()) ?? [];
    if (index === undefined) return `names no column of the source: ${shown(asked)}`;
    return second === undefined ? index : `names several columns of the source: ${shown(asked)}; give the index`;
  };
}

/** Names that come out twice, whatever their case, and columns without a name: nothing could tell them apart afterwards. */
export function checkNames(columns: readonly ShapedColumn[], problems: ErrorPlace[]): void {
  const seen = new Map<string, ShapedColumn>();
  for (const column of columns) {
    const { name, where, pointer } = column;
    const key = name.toLowerCase();
    const before = seen.get(key);
    if (before !== undefined) {
      const names = `${before.where} is named ${shown(before.name)}, ${where} ${shown(name)}`;
      problems.push({ pointer: pointer ?? before.pointer ?? '/columns', detail: `gives a name twice: ${names}` });
    } else if (name.trim() === '') {
      problems.push({ pointer: pointer ?? '/columns', detail: `must name ${where}, which has no name` });
    }
    seen.set(key, before ?? column);
  }
}

/** Finds columns by the names that they have after `columns`. */
export class Scope {
  private readonly byName = new Map<string, ShapedColumn>();

  constructor(private readonly columns: ShapedColumns) {
    for (const column of [...columns.dropped, ...columns.kept]) this.byName.set(column.name.toLowerCase(), column);
  }

  find(name: string): ShapedColumn | undefined {
    return this.byName.get(name.toLowerCase());
  }

  /** The column, or null with the reason in `problems`. */
  resolve(name: string, pointer: string, problems: ErrorPlace[]): ShapedColumn | null {
    const column = this.find(name);
    if (column !== undefined) return column;
    const known = listNames([...this.columns.kept, ...this.columns.dropped]);
    problems.push({ pointer, detail: `names no column: ${shown(name)}. After renaming there are ${known}` });
    return null;
  }
}
