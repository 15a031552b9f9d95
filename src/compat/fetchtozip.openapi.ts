import type { ApiBodyOptions } from '@nestjs/swagger';
import { z } from 'zod';

type BodySchema = Extract<ApiBodyOptions, { schema: unknown }>['schema'];

/** The schema of a body for OpenAPI 3.1, which takes JSON Schema as it is; the library's types still know 3.0 only. */
export function bodyOf(schema: z.ZodType): BodySchema {
  const { $schema: _, ...body } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return body as BodySchema;
}
