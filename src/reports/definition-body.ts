import { z } from 'zod';
import { isObject } from '../common/is-object.js';
import { definitionFields, writtenDatasets, type Definition } from './definition.js';
import { DefinitionInvalid } from './definition-errors.js';
import { issuePlaces } from './definition-issues.js';
import { definitionProblems } from './definition-rules.js';

const { version: _version, columns: _columns, ...fields } = definitionFields;
const bodySchema = z.strictObject({ ...fields, datasets: writtenDatasets, sql: z.string().trim().min(1) });

/**
 * Parses a definition sent through the API: `{name, title, description?, collection?, datasets, parameters?, sql,
 * examples?}`. It gets version 1; whoever stores it counts on. With `name` (that of the URL) the body may leave it out.
 * Throws `DefinitionInvalid` with a JSON Pointer per bad field.
 */
export function parseDefinitionBody(body: unknown, name?: string): Definition {
  const given = name !== undefined && isObject(body) && !('name' in body) ? { ...body, name } : body;
  const parsed = bodySchema.safeParse(given);
  if (!parsed.success) throw DefinitionInvalid.inBody(issuePlaces(parsed.error));
  if (name !== undefined && parsed.data.name !== name) {
    throw DefinitionInvalid.inBody([
      { pointer: '/name', detail: `must be ${name}, the name in the URL, or be left out` },
    ]);
  }
  const definition: Definition = { ...parsed.data, version: 1, columns: [], origin: 'stored' };
  const problems = definitionProblems(definition);
  if (problems.length > 0) throw DefinitionInvalid.inBody(problems);
  return definition;
}
