import { z } from 'zod';
import { issueText } from '../definition-issues.js';

/** Types that a range or a set can be made of. */
export const FILTER_TYPES = ['string', 'number', 'integer', 'date', 'date-time'] as const;
export type FilterType = (typeof FILTER_TYPES)[number];

export const RANGE_KEYS = ['$gt', '$gte', '$lt', '$lte'] as const;
export type RangeKey = (typeof RANGE_KEYS)[number];

const about = {
  title: z.string().min(1).optional(),
  description: z.string().min(1).optional(),
  /** A required parameter has no default and must be in the request. */
  required: z.boolean().optional(),
};

const filter = { of: z.enum(FILTER_TYPES), ...about };
const rangeSpec = z.strictObject({ 'x-type': z.literal('range'), ...filter });
const setSpec = z.strictObject({ 'x-type': z.literal('set'), ...filter });

const stringSpec = z.strictObject({
  type: z.literal('string'),
  format: z.enum(['date', 'date-time']).optional(),
  enum: z.array(z.string()).min(1).optional(),
  default: z.string().optional(),
  minLength: z.int().min(0).optional(),
  maxLength: z.int().min(0).optional(),
  ...about,
});
const bounds = { minimum: z.number().optional(), maximum: z.number().optional() };
const integerSpec = z.strictObject({
  type: z.literal('integer'),
  enum: z.array(z.int()).min(1).optional(),
  default: z.int().optional(),
  ...bounds,
  ...about,
});
const numberSpec = z.strictObject({
  type: z.literal('number'),
  enum: z.array(z.number()).min(1).optional(),
  default: z.number().optional(),
  ...bounds,
  ...about,
});
const booleanSpec = z.strictObject({ type: z.literal('boolean'), default: z.boolean().optional(), ...about });
const scalarSpec = z.discriminatedUnion('type', [stringSpec, integerSpec, numberSpec, booleanSpec]);
const arraySpec = z.strictObject({
  type: z.literal('array'),
  items: scalarSpec,
  minItems: z.int().min(0).optional(),
  maxItems: z.int().min(1).optional(),
  uniqueItems: z.boolean().optional(),
  ...about,
});

const filterSpec = z.discriminatedUnion('x-type', [rangeSpec, setSpec]);
const plainSpec = z.discriminatedUnion('type', [stringSpec, integerSpec, numberSpec, booleanSpec, arraySpec]);

/**
 * A parameter as a definition declares it: one of the two filter shapes (`x-type: range | set`, `of:` their type), or
 * plain JSON Schema of a scalar or of an array of scalars.
 */
export type ParameterSpec = z.infer<typeof filterSpec> | z.infer<typeof plainSpec>;
export type ScalarSpec = z.infer<typeof scalarSpec>;

const hasFilterShape = (value: unknown): boolean => typeof value === 'object' && value !== null && 'x-type' in value;

/** Chosen by hand, so that a mistake is reported against the one shape that was meant. */
export const parameterSpec = z.unknown().transform((value, context): ParameterSpec => {
  const parsed = hasFilterShape(value) ? filterSpec.safeParse(value) : plainSpec.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    context.addIssue({ code: 'custom', path: issue.path, message: issueText(issue) });
  }
  return z.NEVER;
});
