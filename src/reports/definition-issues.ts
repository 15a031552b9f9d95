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
      ? issue.keys.map((key) => ({ pointer: toPointer([...issue.path, key]), detail: 'is not a known field' }))
      : [{ pointer: toPointer(issue.path), detail: issueText(issue) }],
  );
}

/** An RFC 6901 JSON Pointer of a path. */
export function toPointer(path: readonly PropertyKey[]): string {
  return path.map((segment) => `/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** The path of a JSON Pointer. */
export function fromPointer(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}
