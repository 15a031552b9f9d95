import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ValidationFailed } from '../common/errors.js';
import { Report, codeDefinition, type ReportOptions } from './report.decorator.js';
import { hasPairWithSum, TwoListSum } from './two-list-sum.js';
import { validateParameters } from './parameters/parameter-validation.js';

// Reflection gives any; the decorator put exactly these options there.
const options = Reflect.getMetadata(Report.KEY, TwoListSum) as ReportOptions;
const definition = codeDefinition(options, TwoListSum.name);

describe(hasPairWithSum, () => {
  it('agrees with trying every pair', () => {
    const list = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 8 });
    fc.assert(
      fc.property(list, list, fc.integer({ min: 1, max: 60 }), (listA, listB, target) => {
        const everyPair = listA.some((a) => listB.some((b) => a + b === target));
        expect(hasPairWithSum(listA, listB, target)).toBe(everyPair);
      }),
    );
  });

  it('takes one number from each list, not two from one', () => {
    expect(hasPairWithSum([5, 5], [1], 10)).toBe(false);
    expect(hasPairWithSum([], [10], 10)).toBe(false);
  });

  it('is linear: two lists of 300,000 numbers', () => {
    const numbers = Array.from({ length: 300_000 }, (_, index) => 2 * index + 2);
    expect(hasPairWithSum(numbers, numbers, 600_001)).toBe(false);
  });
});

describe(TwoListSum, () => {
  it('answers one row', () => {
    const parameters = validateParameters(definition, definition.examples[0]!.parameters);
    expect([...new TwoListSum().generate(parameters)]).toEqual([{ result: true }]);
  });

  it.each([
    ['zero', { list_a: [0], list_b: [1], target: 1 }, '/list_a/0'],
    ['a negative number', { list_a: [1], list_b: [-1], target: 1 }, '/list_b/0'],
    ['a fraction', { list_a: [1], list_b: [1], target: 1.5 }, '/target'],
    ['text', { list_a: ['1'], list_b: [1], target: 1 }, '/list_a/0'],
    ['an integer beyond 2^53', { list_a: [2 ** 53], list_b: [1], target: 1 }, '/list_a/0'],
    ['a missing list', { list_a: [1], target: 1 }, '/list_b'],
  ])('refuses %s', (_, body, pointer) => {
    expect(() => validateParameters(definition, body)).toThrow(ValidationFailed);
    expect(() => validateParameters(definition, body)).toThrow(
      expect.objectContaining({ places: [expect.objectContaining({ pointer })] }),
    );
  });
});
