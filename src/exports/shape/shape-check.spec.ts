import { describe, expect, it } from 'vitest';
import { ValidationFailed } from '../../common/errors.js';
import { checkShape } from './shape-check.js';
import { shapeSpec } from './shape-spec.js';

function problemsOf(body: unknown): (string | undefined)[] {
  try {
    checkShape(shapeSpec.parse(body));
  } catch (error) {
    if (error instanceof ValidationFailed)
      return error.places.map(({ pointer, detail }) => `${pointer ?? ''} ${detail}`);
    throw error;
  }
  return [];
}

describe('checkShape', () => {
  it('lets pass what may fit', () => {
    const body = {
      columns: [{ name: 'a', column: 0, type: 'decimal(38,38)' }],
      filter: { a: { $gt: 1, lte: 5 }, b: { include: [] }, c: {} },
      group_by: ['a', 'x'],
      aggregates: [
        { name: 'n', function: 'count' },
        { name: 'm', function: 'max', column: 'y' },
      ],
      sort: [{ column: 'N' }, { column: 'x' }],
    };
    expect(problemsOf(body)).toEqual([]);
    expect(problemsOf({ other_columns: 'drop', group_by: ['a'] })).toEqual([]);
  });

  it.each([
    [
      {
        columns: [
          { name: 'a', column: 0 },
          { name: 'A', column: 1 },
        ],
      },
      '/columns/1/name is named "A", as /columns/0/name is',
    ],
    [{ columns: [{ name: ' ', column: 0 }] }, '/columns/0/name must not be blank'],
    [{ columns: [{ name: 'a\u0000', column: 0 }] }, '/columns/0/name must not contain U+0000'],
    [{ columns: [{ name: 'a', column: 'a\u0000' }] }, '/columns/0/column must not contain U+0000'],
    [
      { columns: [{ name: 'a', column: 0, type: 'decimal(39,1)' }] },
      '/columns/0/type must be decimal(p,s) with p from 1 to 38',
    ],
    [{ columns: [{ name: 'a', column: 0, type: 'decimal(4,5)' }] }, '/columns/0/type must be decimal(p,s)'],
    [{ other_columns: 'drop' }, '/columns must name a column when all others are dropped'],
    [{ filter: { 'a/b': { gt: 1, $gt: 2 } } }, '/filter/a~1b/gt is given as $gt too'],
    [{ filter: { a: { gte: 1, $gt: 2 } } }, '/filter/a cannot have both $gt and $gte'],
    [{ filter: { a: { lt: 1, lte: 2 } } }, '/filter/a cannot have both $lt and $lte'],
    [{ group_by: ['a', 'A'] }, '/group_by/1 is named "A", as /group_by/0 is'],
    [
      { group_by: ['a'], aggregates: [{ name: 'A', function: 'count' }] },
      '/aggregates/0/name is named "A", as /group_by/0 is',
    ],
    [{ aggregates: [{ name: 'a', function: 'sum' }] }, '/aggregates/0/column is needed by sum'],
    [
      { group_by: ['a'], sort: [{ column: 'a' }, { column: 'b' }] },
      '/sort/1/column is neither in group_by nor an aggregate: "b"',
    ],
  ])('refuses %j', (body, problem) => {
    expect(problemsOf(body)).toEqual([expect.stringContaining(problem)]);
  });
});
