import type { Type } from '@nestjs/common';
import type { CodeReport } from './code-report.js';
import type { Definition } from './definition.js';
import { codeDefinition, Report, type ReportOptions } from './report.decorator.js';
import { TwoListSum } from './two-list-sum.js';

/** Every report in code. A new one is a class with `@Report` and a line here. */
export const CODE_REPORTS: readonly Type<CodeReport>[] = [TwoListSum];

/** The definition that the `@Report` of a class holds. */
export function definitionOf(type: Type<CodeReport>): Definition {
  // The decorator stores its own argument type.
  const options = Reflect.getMetadata(Report.KEY, type) as ReportOptions | undefined;
  if (!options) throw new TypeError(`${type.name} has no @Report`);
  return codeDefinition(options, type.name);
}
