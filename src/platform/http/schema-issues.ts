import { pointerTo } from '../../common/json-pointer.js';
import type { z } from 'zod';
import { ValidationFailed, type ErrorPlace } from '../../common/errors.js';

type Issue = z.core.$ZodIssue;

/** The value as the schema makes it. Throws `ValidationFailed` with one JSON Pointer per bad field, also inside of unions. */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw ValidationFailed.of(placesOfIssues(parsed.error.issues));
}

/** The bad fields that a schema has found. `path` is where the checked value stands in the body. */
export function placesOfIssues(issues: readonly Issue[], path: readonly PropertyKey[] = []): ErrorPlace[] {
  return issues.flatMap((issue) => placesOfIssue(issue, [...path, ...issue.path]));
}

function placesOfIssue(issue: Issue, path: readonly PropertyKey[]): ErrorPlace[] {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ pointer: pointerTo(...path, key), detail: 'is not a field here' }));
    case 'invalid_union':
      return placesOfUnion(issue, path);
    case 'invalid_key':
      return [{ pointer: pointerTo(...path), detail: `is no name that is allowed here: ${textOf(issue.issues[0])}` }];
    default:
      return [{ pointer: pointerTo(...path), detail: textOf(issue) }];
  }
}

/** Of the alternatives that the value could have been meant as, the one that it misses by least. */
function placesOfUnion(issue: Extract<Issue, { code: 'invalid_union' }>, path: readonly PropertyKey[]): ErrorPlace[] {
  const pointer = pointerTo(...path);
  if ('options' in issue && Array.isArray(issue.options)) {
    return [{ pointer, detail: `must be one of: ${issue.options.join(', ')}` }];
  }
  const meant = issue.errors.filter((issues) => issues.every(({ path: at, code }) => at.length > 0 || code !== TYPE));
  const [nearest] = meant.map((issues) => placesOfIssues(issues, path)).sort((a, b) => a.length - b.length);
  if (nearest) return nearest;
  const details = issue.errors.flatMap((issues) => issues.filter(({ code }) => code === TYPE).map(textOf));
  return [{ pointer, detail: [...new Set(details)].join(', or ') || 'has no form that is allowed here' }];
}

const TYPE = 'invalid_type';

function textOf(issue: Issue | undefined): string {
  if (issue?.code !== TYPE) return issue?.message ?? '';
  if (issue.message.endsWith('received undefined')) return 'is required';
  return `must be ${issue.expected === 'int' ? 'integer' : issue.expected}`;
}
