import { z } from 'zod';
import { issueText } from './definition-issues.js';
import { parameterSpec } from './parameters/parameter-spec.js';

/** Collections that a definition can be listed under in the routes `POST /{collection}/{report-name}`. */
export const COLLECTIONS = ['movies', 'comments', 'users'] as const;
/** Fields of the request that starts a report; no parameter can have such a name. */
export const RESERVED_PARAMETER_NAMES: readonly string[] = [
  'report_name',
  'format',
  'max_age',
  'time_zone',
  'timeout_seconds',
  'callback_url',
];

export const definitionName = z
  .string()
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'must be lower-case words joined by "-", for example top-commenters')
  .max(100);
const identifier = z
  .string()
  .regex(/^[a-z][a-z0-9_]*$/, 'must be a lower-case name of letters, digits and "_"')
  .max(63);
const parameterName = identifier.refine((name) => !RESERVED_PARAMETER_NAMES.includes(name), {
  message: `cannot be one of ${RESERVED_PARAMETER_NAMES.join(', ')}: the request uses these names itself`,
});
export const datasetName = z
  .string()
  .regex(/^[a-z][a-z0-9_]*$/, 'must be the name of a dataset: lower-case letters, digits and "_"')
  .max(63);

/** Types of expected columns. A closed list: the text becomes part of a statement. */
const columnType = z
  .string()
  .regex(
    /^(BOOLEAN|INTEGER|BIGINT|HUGEINT|DOUBLE|DECIMAL\(\d{1,2}, ?\d{1,2}\)|VARCHAR|JSON|DATE|TIME|TIMESTAMP|TIMESTAMPTZ)(\[\])?$/,
    'must be BOOLEAN, INTEGER, BIGINT, HUGEINT, DOUBLE, DECIMAL(p,s), VARCHAR, JSON, DATE, TIME, TIMESTAMP, TIMESTAMPTZ or one of these followed by []',
  );
const datasetUse = z.strictObject({ name: datasetName, columns: z.record(z.string().min(1), columnType) });

/** Datasets as they are written down: a list of names, or a mapping from a name to the columns that it is expected to have. */
export const writtenDatasets = z.unknown().transform((value, context): z.infer<typeof datasetUse>[] => {
  const parsed = Array.isArray(value)
    ? z.array(datasetName).safeParse(value)
    : z.record(datasetName, z.record(z.string().min(1), columnType).nullable()).safeParse(value);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) context.addIssue({ ...issue, code: 'custom', message: issueText(issue) });
    return z.NEVER;
  }
  if (Array.isArray(parsed.data)) return [...new Set(parsed.data)].map((name) => ({ name, columns: {} }));
  return Object.entries(parsed.data).map(([name, columns]) => ({ name, columns: columns ?? {} }));
});
const example = z.strictObject({ summary: z.string().min(1), parameters: z.record(z.string(), z.json()) });

/** What a definition says about itself, however it is written down. */
export const definitionFields = {
  name: definitionName,
  version: z.int().min(1),
  title: z.string().min(1).max(200),
  description: z.string().max(10_000).default(''),
  collection: z.enum(COLLECTIONS).nullable().default(null),
  parameters: z.record(parameterName, parameterSpec).default({}),
  columns: z.array(z.strictObject({ name: z.string(), type: z.string() })).default([]),
  examples: z.array(example).default([]),
};

const definitionSchema = z.strictObject({
  ...definitionFields,
  /** Datasets that the SQL reads, each with columns (name -> SQL type) that are NULL where the data lacks them. */
  datasets: z.array(datasetUse),
  sql: z.string().nullable(),
  origin: z.enum(['shipped', 'code', 'stored']),
});

/**
 * A named, versioned, parameterised report. JSON-serialisable, kept as it is in `definitions.body`. `columns` (names and
 * SQL types) is empty until the SQL has been described; `sql` is `null` for a definition in code.
 */
export type Definition = z.infer<typeof definitionSchema>;
export type DatasetUse = z.infer<typeof datasetUse>;
export type DefinitionExample = z.infer<typeof example>;
export type DefinitionOrigin = Definition['origin'];

/** Parses a definition read back from a row; throws a `ZodError` when the row was not written by `Definition`'s rules. */
export function parseDefinition(body: unknown): Definition {
  return definitionSchema.parse(body);
}
