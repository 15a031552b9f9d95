import type { OpenAPIObject } from '@nestjs/swagger';
import { z } from 'zod';
import { EXPORT_EXAMPLES } from './export-examples.js';
import { exportRequestSpec } from './export-request.js';

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;

const CREATE_PATH = '/api/v1/exports';
const NAME = 'CreateExport';
const LOCAL = '#/$defs/';
const COMPONENT = '#/components/schemas/';

/** Adds to the operation that creates exports the schema that its body is checked with, and the examples. */
export function describeExports(document: OpenAPIObject): OpenAPIObject {
  const operation = document.paths[CREATE_PATH]?.post;
  if (!operation) throw new Error(`the OpenAPI document has no operation POST ${CREATE_PATH}`);
  operation.requestBody = {
    required: true,
    content: { 'application/json': { schema: { $ref: COMPONENT + NAME }, examples: { ...EXPORT_EXAMPLES } } },
  };
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, ...requestSchemas() },
  };
  return document;
}

/** The schema of the body, and those that it names, as components. */
function requestSchemas(): Schemas {
  const { $schema: _, $defs = {}, ...body } = z.toJSONSchema(exportRequestSpec, { io: 'input' });
  const text = JSON.stringify({ [NAME]: body, ...$defs }).replaceAll(`"${LOCAL}`, `"${COMPONENT}`);
  // JSON Schema 2020-12, which OpenAPI 3.1 takes as it is; the library's types still know 3.0 only.
  return JSON.parse(text) as Schemas;
}
