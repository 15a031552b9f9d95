import type { OpenAPIObject } from '@nestjs/swagger';
import type { Definition } from './definition.js';
import { parameterSchema } from './parameters/parameter-schema.js';

type Schema = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string];

const CREATE_PATH = '/api/v1/reports';
/** What people see first in Swagger UI. */
const FIRST = 'store-uptime';

/** Adds to the operation that creates reports the schema of every definition's parameters, and one example each. */
export function describeReports(document: OpenAPIObject, definitions: readonly Definition[]): OpenAPIObject {
  const operation = document.paths[CREATE_PATH]?.post;
  const common = document.components?.schemas?.['CreateReportDto'];
  if (!operation || !common) throw new Error(`the OpenAPI document has no operation POST ${CREATE_PATH}`);
  const sorted = [...definitions].sort(
    (a, b) => Number(b.name === FIRST) - Number(a.name === FIRST) || (a.name < b.name ? -1 : 1),
  );
  const schemas = Object.fromEntries(sorted.map((definition) => [schemaName(definition), bodySchema(definition)]));
  operation.requestBody = {
    required: true,
    content: {
      'application/json': {
        schema: {
          anyOf: [...Object.keys(schemas).map(reference), reference('CreateReportDto')],
        },
        examples: Object.fromEntries(sorted.map((definition) => [definition.name, example(definition)])),
      },
    },
  };
  document.components = { ...document.components, schemas: { ...document.components?.schemas, ...schemas } };
  return document;
}

const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` });

const schemaName = ({ name }: Definition): string => `Report_${name.replaceAll('-', '_')}`;

function bodySchema(definition: Definition): Schema {
  const { properties, required } = parameterSchema(definition.parameters);
  // JSON Schema 2020-12, which OpenAPI 3.1 takes as it is; the library's types still know 3.0 only.
  return {
    title: definition.title,
    description: definition.description,
    allOf: [
      reference('CreateReportDto'),
      {
        type: 'object',
        properties: { report_name: { type: 'string', enum: [definition.name] }, ...(properties as object) },
        required: ['report_name', ...((required ?? []) as string[])],
      },
    ],
  };
}

function example({ name, title, examples }: Definition) {
  const [first] = examples;
  return { summary: first?.summary ?? title, value: { report_name: name, ...first?.parameters, format: 'csv' } };
}
