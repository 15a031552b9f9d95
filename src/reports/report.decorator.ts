import { DiscoveryService } from '@nestjs/core';
import { z } from 'zod';
import { definitionFields, type Definition } from './definition.js';
import { DefinitionInvalid } from './definition-errors.js';
import { issuePlaces } from './definition-issues.js';
import { definitionProblems } from './definition-rules.js';

const optionsSchema = z.strictObject(definitionFields);

/** What a code report says about itself. `columns` are SQL types; they must be given, as no SQL can be described. */
export type ReportOptions = z.input<typeof optionsSchema>;

/** Marks a `CodeReport` as a definition of the catalogue. */
export const Report = DiscoveryService.createDecorator<ReportOptions>();

/** The definition of a code report; throws `DefinitionInvalid` naming the class when its options cannot be used. */
export function codeDefinition(options: ReportOptions, className: string): Definition {
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success) throw DefinitionInvalid.inFile(className, issuePlaces(parsed.error));
  const definition: Definition = { ...parsed.data, datasets: [], sql: null, origin: 'code' };
  const problems = definitionProblems(definition);
  if (definition.columns.length === 0) problems.push({ pointer: '/columns', detail: 'is required' });
  if (problems.length > 0) throw DefinitionInvalid.inFile(className, problems);
  return definition;
}
