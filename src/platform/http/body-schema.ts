import type { OpenAPIObject } from '@nestjs/swagger';
import { z } from 'zod';

type Schema = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string];

/** The schema of a body for OpenAPI 3.1, which takes JSON Schema 2020-12 as it is; the library's types still know 3.0 only. */
export function bodySchema(spec: z.ZodType): Exclude<Schema, { $ref: string }> {
  const { $schema: _, ...schema } = z.toJSONSchema(spec, { io: 'input' });
  return schema as Exclude<Schema, { $ref: string }>;
}
