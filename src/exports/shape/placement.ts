import { shown } from './shape-errors.js';

/** A column that looks for its place. `order` is the zero-based place it asks for, `rank` its position among those that ask. */
export interface Placeable {
  name: string;
  order: number | null;
  rank: number;
}

/**
 * Columns with an `order` get that place, or the last one if there are fewer; the others fill what is left, in the order
 * given. Of several that ask for one place the one of the highest rank gets it, and the others the next free one (the
 * nearest before it, if there is none after it). No column is lost.
 */
export function place<T extends Placeable>(columns: readonly T[]): { placed: T[]; warnings: string[] } {
  const places = new Array<T | undefined>(columns.length).fill(undefined);
  const warnings: string[] = [];
  const displaced: { column: T; wanted: number; by: T }[] = [];
  const asking = columns.filter(({ order }) => order !== null).sort((a, b) => a.rank - b.rank);
  for (const column of asking) {
    const wanted = clamp(column, columns.length, warnings);
    const before = places[wanted];
    if (before !== undefined) displaced.push({ column: before, wanted, by: column });
    places[wanted] = column;
  }
  for (const { column, wanted, by } of displaced) {
    const free = freePlace(places, wanted);
    places[free] = column;
    warnings.push(
      `Columns ${shown(column.name)} and ${shown(by.name)} both asked for place ${String(wanted)}: ` +
        `${shown(column.name)} is at ${String(free)}.`,
    );
  }
  const others = columns.filter(({ order }) => order === null).values();
  const placed = places.map((column) => column ?? others.next().value).filter((column) => column !== undefined);
  return { placed, warnings };
}

function clamp({ name, order }: Placeable, count: number, warnings: string[]): number {
  const wanted = order ?? 0;
  if (wanted < count) return wanted;
  warnings.push(
    `Column ${shown(name)} asked for place ${String(wanted)}, but the last of ${String(count)} columns is at ` +
      `${String(count - 1)}.`,
  );
  return count - 1;
}

function freePlace(places: readonly unknown[], wanted: number): number {
  const after = places.indexOf(undefined, wanted + 1);
  return after >= 0 ? after : places.lastIndexOf(undefined, wanted);
}
