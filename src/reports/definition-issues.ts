import { pointerTo } from '../common/json-pointer.js';
import type { z } from 'zod';
import type { ErrorPlace } from '../common/errors.js';

/** What a schema issue says, for a person who wrote the definition. */
export function issueText(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => message).join('; ');
  if (issue.code === 'unrecognized_keys') return `has unknown fields: ${issue.keys.join(', ')}`;
  if (issue.message.endsWith('received undefined')) return 'is required';
  return issue.message;
}

/** The issues as places with JSON Pointers, one per unknown field. */
export function issuePlaces(error: z.ZodError): ErrorPlace[] {
  return error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ pointer: pointerTo(...issue.path, key), detail: 'is not a known field' }))
      : [{ pointer: pointerTo(...issue.path), detail: issueText(issue) }],
  );
}
