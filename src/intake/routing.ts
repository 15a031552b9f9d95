import { z } from 'zod';
import { BUCKET_NAME } from '../common/bucket-name.js';

const MAX_ROUTES = 1000;
const MAX_VALUE_LENGTH = 255;

export const routingSchema = z.strictObject({
  field: z
    .string()
    .min(1)
    .max(MAX_VALUE_LENGTH)
    .meta({ description: 'Field of a message that chooses its bucket.', example: 'genre' }),
  routes: z
    .record(
      z.string().min(1).max(MAX_VALUE_LENGTH),
      z.string().regex(BUCKET_NAME, 'must be the name of a bucket: 3 to 63 lower-case letters, digits, "-" and "."'),
    )
    .refine((routes) => Object.keys(routes).length <= MAX_ROUTES, `must have at most ${String(MAX_ROUTES)} routes`)
    .meta({ description: 'Bucket by value of the field.', example: { romance: 'romance', scifi: 'scifi' } }),
});

/** Which bucket a document goes to: the one that `routes` names for the value of its `field`. */
export type Routing = z.infer<typeof routingSchema>;

/** The bucket for a value; null if there is no route. */
export function bucketFor({ routes }: Routing, value: string): string | null {
  return Object.hasOwn(routes, value) ? (routes[value] ?? null) : null;
}
