import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { place, type Placeable } from './placement.js';

const column = (name: string, order: number | null = null, rank = 0): Placeable => ({ name, order, rank });
const names = (columns: readonly Placeable[]) => columns.map(({ name }) => name).join('');

describe('place', () => {
  it('puts columns where they ask to be and lets the others keep their order', () => {
    const { placed, warnings } = place([column('a'), column('b', 0), column('c'), column('d', 2), column('e')]);
    expect(names(placed)).toBe('badce');
    expect(warnings).toEqual([]);
  });

  it('takes a place beyond the last as the last, with a warning', () => {
    const { placed, warnings } = place([column('a', 9), column('b'), column('c')]);
    expect(names(placed)).toBe('bca');
    expect(warnings).toEqual(['Column "a" asked for place 9, but the last of 3 columns is at 2.']);
  });

  it('gives a place that two ask for to the later one in the list, and the other the next free place', () => {
    const { placed, warnings } = place([
      column('a', 1, 5),
      column('b', 1, 0),
      column('c', 2, 3),
      column('d'),
      column('e'),
    ]);
    expect(names(placed)).toBe('dacbe');
    expect(warnings).toEqual(['Columns "b" and "a" both asked for place 1: "b" is at 3.']);
  });

  it('goes back when nothing is free after the place', () => {
    expect(names(place([column('a', 2, 0), column('b', 2, 1), column('c')]).placed)).toBe('cab');
  });

  it('loses no column and places each as a naive reference does', () => {
    const order = fc.option(fc.nat(12));
    const columns = fc.array(order, { maxLength: 10 }).chain((orders) =>
      fc
        .shuffledSubarray(
          orders.map((_, index) => index),
          { minLength: orders.length },
        )
        .map((ranks) => orders.map((wanted, index) => column(String.fromCharCode(97 + index), wanted, ranks[index]))),
    );
    fc.assert(
      fc.property(columns, (given) => {
        const { placed, warnings } = place(given);
        expect([...names(placed)].sort()).toEqual([...names(given)].sort());
        expect(names(placed)).toBe(reference(given));
        const asked = given.filter(({ order: wanted }) => wanted !== null);
        const atTheirPlace = asked.filter((one) => placed.indexOf(one) === one.order);
        expect(warnings.length === 0).toBe(atTheirPlace.length === asked.length);
      }),
    );
  });
});

/** Looks at one place after the other: who of those that ask for it is last in the list? */
function reference(columns: readonly Placeable[]): string {
  const last = columns.length - 1;
  const places: (Placeable | null)[] = columns.map((_, at) => {
    const asking = columns.filter(({ order }) => order !== null && Math.min(order, last) === at);
    return asking.sort((a, b) => b.rank - a.rank)[0] ?? null;
  });
  const waiting = columns
    .filter((one) => one.order !== null && !places.includes(one))
    .sort((a, b) => overtakerOf(a, columns) - overtakerOf(b, columns));
  for (const one of waiting) {
    const wanted = Math.min(one.order ?? 0, last);
    const free = places.flatMap((holder, at) => (holder === null ? [at] : []));
    const at = free.find((candidate) => candidate > wanted) ?? free.at(-1) ?? -1;
    places[at] = one;
  }
  const others = columns.filter(({ order }) => order === null);
  return names(places.flatMap((holder) => holder ?? others.shift() ?? []));
}

/** Rank of the column that took the place from this one: the next in the list that asks for the same. */
function overtakerOf(one: Placeable, columns: readonly Placeable[]): number {
  const last = columns.length - 1;
  const wanted = (column: Placeable) => (column.order === null ? null : Math.min(column.order, last));
  return Math.min(...columns.filter((c) => wanted(c) === wanted(one) && c.rank > one.rank).map(({ rank }) => rank));
}
