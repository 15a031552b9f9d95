import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { CodeReport, type ReportRow } from './code-report.js';
import type { ParameterValues } from './parameters/parameter-validation.js';
import { Report } from './report.decorator.js';

/** Whether an `a` of the first list and a `b` of the second have `a + b = target`. O(n + m) time, O(n) space. */
export function hasPairWithSum(listA: readonly number[], listB: readonly number[], target: number): boolean {
  const wanted = new Set(listA);
  return listB.some((b) => wanted.has(target - b));
}

const parametersSchema = z.object({
  list_a: z.array(z.int()),
  list_b: z.array(z.int()),
  target: z.int(),
});

const positive = { type: 'integer', minimum: 1 } as const;

@Report({
  name: 'two-list-sum',
  version: 1,
  title: 'Sum of two lists',
  description:
    'Whether there is a number in list_a and a number in list_b that add up to target. Positive integers only.',
  parameters: {
    list_a: { type: 'array', items: positive, required: true, description: 'Positive integers.' },
    list_b: { type: 'array', items: positive, required: true, description: 'Positive integers.' },
    target: { ...positive, required: true, description: 'The sum that is looked for.' },
  },
  columns: [{ name: 'result', type: 'BOOLEAN' }],
  examples: [{ summary: '3 + 7 = 10', parameters: { list_a: [1, 2, 3], list_b: [4, 7, 9], target: 10 } }],
})
@Injectable()
export class TwoListSum extends CodeReport {
  *generate(parameters: ParameterValues): Iterable<ReportRow> {
    const { list_a: listA, list_b: listB, target } = parametersSchema.parse(parameters);
    yield { result: hasPairWithSum(listA, listB, target) };
  }
}
