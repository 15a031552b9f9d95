import { FORMAT_NAMES } from '../formats/formats.js';
import type { Definition } from './definition.js';
import type { DefinitionDto } from './dto/definition.dto.js';
import { parameterSchema } from './parameters/parameter-schema.js';

export const definitionPath = (name: string): string => `/api/v1/report-definitions/${name}`;

/** A definition as it goes over the wire: its parameters as plain JSON Schema. */
export function toDefinitionDto(definition: Definition): DefinitionDto {
  const { name, version, title, description, origin, collection, datasets, columns, examples, sql } = definition;
  return {
    name,
    version,
    title,
    description,
    origin,
    collection,
    datasets,
    parameters: parameterSchema(definition.parameters),
    columns,
    formats: FORMAT_NAMES,
    examples,
    sql,
    links: {
      self: definitionPath(name),
      version: `${definitionPath(name)}/versions/${String(version)}`,
      run: '/api/v1/reports',
    },
  };
}
