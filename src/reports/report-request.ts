import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { ValidationFailed, type ErrorPlace } from '../common/errors.js';
import { isObject } from '../common/is-object.js';
import { placesOf } from '../platform/http/validation.js';
import { RESERVED_PARAMETER_NAMES } from './definition.js';
import { CreateReportDto } from './dto/create-report.dto.js';

/** A request for a report: its own fields, and what is left for the report's parameters. */
export interface ReportRequest {
  fields: CreateReportDto;
  /** Problems of the own fields: told together with those of the parameters. */
  problems: ErrorPlace[];
  parameters: Record<string, unknown>;
}

/** Takes a body apart. Throws `ValidationFailed` if it is not an object or does not name a report. */
export function parseReportRequest(body: unknown, reportName?: string): ReportRequest {
  if (!isObject(body)) {
    throw ValidationFailed.at('', 'must be a JSON object, for example {"report_name": "store-uptime"}');
  }
  const entries = Object.entries(reportName === undefined ? body : { report_name: reportName, ...body });
  const isOwn = ([name]: [string, unknown]): boolean => RESERVED_PARAMETER_NAMES.includes(name);
  const own = Object.fromEntries(entries.filter(isOwn));
  const fields = plainToInstance(CreateReportDto, own, { exposeDefaultValues: true });
  const problems = validateSync(fields).flatMap((error) => placesOf(error));
  if (problems.some(({ pointer }) => pointer === '/report_name')) throw ValidationFailed.of(problems);
  return { fields, problems, parameters: Object.fromEntries(entries.filter((entry) => !isOwn(entry))) };
}
