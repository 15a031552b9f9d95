import type { OpenAPIObject } from '@nestjs/swagger';
import { ErrorCode } from '../common/errors.js';
import { exampleRefs } from '../platform/http/api-problems.js';
import { PROBLEM_JSON, PROBLEMS } from '../platform/http/problem.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Answer = Exclude<Operation['responses'][string], { $ref: string } | undefined>;

const schema = { type: 'string' };
const HEADERS = {
  RateLimit: {
    schema,
    description: 'Requests left in the window, and seconds until it ends.',
    example: '"default";r=5990;t=42',
  },
  'RateLimit-Policy': {
    schema,
    description: 'Requests allowed, and seconds of a window.',
    example: '"default";q=6000;w=60',
  },
};
const REFERENCES = Object.fromEntries(
  Object.keys(HEADERS).map((name) => [name, { $ref: `#/components/headers/${name}` }]),
);
/** All other answers but 401 and 403 have them, too; in the document they would be most of it. */
const SHOWN = /^(?:[23]\d\d|429)$/;
const { status, title } = PROBLEMS[ErrorCode.TooManyRequests];
const REFUSED = String(status);

/** Says of every route that needs a caller that its requests are counted, and what is answered when there are too many. */
export function describeRates(document: OpenAPIObject): OpenAPIObject {
  document.components = { ...document.components, headers: HEADERS };
  for (const item of Object.values(document.paths)) {
    for (const operation of Object.values(item)) {
      if (!isCounted(operation)) continue;
      operation.responses[REFUSED] = withTooMany(answerOf(operation, REFUSED));
      for (const code of Object.keys(operation.responses)) {
        if (SHOWN.test(code)) operation.responses[code] = withHeaders(answerOf(operation, code));
      }
    }
  }
  return document;
}

/** A path also has other things than operations. */
const isCounted = (value: unknown): value is Operation =>
  typeof value === 'object' &&
  value !== null &&
  'responses' in value &&
  'security' in value &&
  Array.isArray(value.security) &&
  value.security.length > 0;

function answerOf({ responses }: Operation, code: string): Answer | undefined {
  const answer = responses[code];
  return answer === undefined || '$ref' in answer ? undefined : answer;
}

function withTooMany(answer: Answer | undefined): Answer {
  const code = ErrorCode.TooManyRequests;
  const described = `\`${code}\`: ${title}`;
  const known = answer?.content?.[PROBLEM_JSON];
  return {
    description: answer === undefined ? described : `${answer.description}; ${described}`,
    content: {
      [PROBLEM_JSON]: {
        schema: { $ref: '#/components/schemas/ProblemDto' },
        examples: { ...known?.examples, ...exampleRefs([code]) },
      },
    },
    headers: { 'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer' } } },
  };
}

function withHeaders(answer: Answer | undefined): Answer {
  return { description: '', ...answer, headers: { ...answer?.headers, ...REFERENCES } };
}
