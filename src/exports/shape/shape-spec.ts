import { z } from 'zod';
import { bodySchema } from '../../platform/http/body-schema.js';

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const bound = z.union([z.string(), z.number()]);
/** `$gt`, `$gte`, `$lt`, `$lte`, with or without the `$`, as in reports. */
const range = z.strictObject({
  $gt: bound.optional(),
  $gte: bound.optional(),
  $lt: bound.optional(),
  $lte: bound.optional(),
  gt: bound.optional(),
  gte: bound.optional(),
  lt: bound.optional(),
  lte: bound.optional(),
});
const set = z.strictObject({ include: z.array(scalar).optional(), exclude: z.array(scalar).optional() });

type Filter = z.infer<typeof range> | z.infer<typeof set>;

/** Chosen by hand, so that a mistake is reported against the one shape that was meant. */
const filter = z
  .unknown()
  .meta({ anyOf: [bodySchema(range), bodySchema(set)] })
  .transform((value, context): Filter => {
    const isSet = typeof value === 'object' && value !== null && ('include' in value || 'exclude' in value);
    const parsed = isSet ? set.safeParse(value) : range.safeParse(value);
    if (parsed.success) return parsed.data;
    // An issue that was raised is one that can be raised again; only its type says less of its input.
    context.issues.push(...(parsed.error.issues as z.core.$ZodRawIssue[]));
    return z.NEVER;
  });

export const CAST_TYPES =
  /^(?:text|integer|number|boolean|date|time|timestamp|timestamptz|json|decimal\(\d{1,2},\s*\d{1,2}\))$/;

const column = z.strictObject({
  name: z.string().min(1).max(255).meta({ description: 'Name in the file.' }),
  column: z
    .union([z.int().min(0), z.string().min(1)])
    .meta({ description: 'Zero-based index, or name, in the source.' }),
  change_order: z
    .int()
    .min(0)
    .nullish()
    .meta({ description: 'Zero-based place in the file. Columns without one keep their order.' }),
  type: z.string().regex(CAST_TYPES).optional().meta({
    description:
      'Cast to text, integer, number, boolean, date, time, timestamp, timestamptz, json or decimal(p,s). Fractions are rounded.',
  }),
});

const aggregate = z.strictObject({
  name: z.string().min(1).max(255),
  function: z.enum(['count', 'count_distinct', 'sum', 'min', 'max', 'avg', 'first', 'last']),
  column: z.string().min(1).optional().meta({ description: 'Needed by all but `count`.' }),
});

/**
 * What happens to the rows on their way: columns are flattened, renamed and cast, then rows filtered, grouped, columns
 * placed or dropped, rows sorted and cut. After `columns`, all names are the new ones.
 */
export const shapeSpec = z.strictObject({
  nested: z.enum(['json', 'flatten']).default('json').meta({
    description: 'Objects inside of records: kept as JSON, or a column for each field (`address.city`).',
  }),
  columns: z.array(column).max(5_000).default([]),
  other_columns: z
    .enum(['keep', 'drop'])
    .default('keep')
    .meta({ description: 'Columns that `columns` does not name.' }),
  missing_columns: z.enum(['fail', 'skip']).default('fail').meta({
    description: 'What an entry of `columns` does that the source has no column for; `skip` leaves a warning.',
  }),
  filter: z.record(z.string(), filter).default({}),
  group_by: z.array(z.string().min(1)).max(100).default([]),
  aggregates: z.array(aggregate).max(500).default([]),
  sort: z
    .array(z.strictObject({ column: z.string().min(1), direction: z.enum(['asc', 'desc']).default('asc') }))
    .max(100)
    .default([]),
  limit: z.int().min(1).optional(),
});
export type ShapeSpec = z.infer<typeof shapeSpec>;
