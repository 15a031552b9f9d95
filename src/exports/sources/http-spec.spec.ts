import { expect, it } from 'vitest';
import { draftConfiguration } from '../drafts/export-draft.js';
import { httpSpec } from './http-spec.js';

it.each([
  [0, false],
  [1e-9, false],
  [0.01, true],
  [10_000, true],
  [10_001, false],
])('takes a rate of %s: %s', (rate_limit, isTaken) => {
  const source = { type: 'http', url: 'https://example.com/orders', rate_limit };
  expect(httpSpec.safeParse(source).success).toBe(isTaken);
  expect(draftConfiguration.safeParse({ rate_limit }).success).toBe(isTaken);
});
