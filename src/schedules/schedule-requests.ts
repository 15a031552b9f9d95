import { Injectable } from '@nestjs/common';
import { assertNever } from '../common/assert-never.js';
import { AppError, ValidationFailed } from '../common/errors.js';
import { parseExportRequest, type ExportRequest } from '../exports/export-request.js';
import { ExportsService } from '../exports/exports.service.js';
import type { Origin } from '../platform/http/caller.js';
import { DefinitionNotFound, DefinitionsService } from '../reports/definitions.service.js';
import { parseReportRequest } from '../reports/report-request.js';
import { ReportsService } from '../reports/reports.service.js';
import { RunKind, type Run } from '../runs/run.js';
import { resolveExportDates, resolveReportDates } from './relative-dates.js';
import type { ScheduledRequest } from './schedule.js';

/** What schedules ask for: the same requests as over HTTP, checked and created by the same code. */
@Injectable()
export class ScheduleRequests {
  constructor(
    private readonly reports: ReportsService,
    private readonly exports: ExportsService,
    private readonly definitions: DefinitionsService,
  ) {}

  /** Throws `ValidationFailed`, with pointers into the schedule, if the body would be refused with its dates resolved at a moment. */
  async check(owner: string, request: ScheduledRequest, at: Date): Promise<void> {
    try {
      const body = await this.resolve(owner, request, at);
      if (request.kind === RunKind.Report) await this.reports.check(owner, parseReportRequest(body));
      else await this.exports.check(owner, withoutSecret(parseExportRequest(body)));
    } catch (error) {
      if (!(error instanceof AppError) || error.retryable) throw error;
      const places = error.places.length > 0 ? error.places : [{ detail: error.message }];
      const within = places.map((place) => ({ ...place, pointer: `/body${place.pointer ?? ''}` }));
      throw ValidationFailed.of(within);
    }
  }

  /** Creates the run of an occurrence, once per key. Throws what creating it over HTTP does. */
  async create(origin: Origin, request: ScheduledRequest, { at, key }: { at: Date; key: string }): Promise<Run> {
    const body = await this.resolve(origin.owner, request, at);
    switch (request.kind) {
      case RunKind.Report:
        return (await this.reports.create(origin, parseReportRequest(body), key)).run;
      case RunKind.Export:
        return (await this.exports.create(origin, parseExportRequest(body), key)).run;
      default:
        return assertNever(request.kind);
    }
  }

  /** Why no occurrence can ever start again until somebody acts: the definition is gone. Null otherwise. */
  async obstacle(owner: string, { kind, body }: ScheduledRequest): Promise<string | null> {
    const name = body['report_name'];
    if (kind !== RunKind.Report || typeof name !== 'string') return null;
    try {
      await this.definitions.get(owner, name);
      return null;
    } catch (error) {
      if (error instanceof DefinitionNotFound) return error.message;
      throw error;
    }
  }

  private async resolve(owner: string, { kind, body, timeZone }: ScheduledRequest, at: Date) {
    if (kind === RunKind.Export) return resolveExportDates(body, { at, timeZone });
    const name = body['report_name'];
    // A body without a report, or with one that is not there, is refused by what checks bodies.
    if (typeof name !== 'string' || (await this.obstacle(owner, { kind, body, timeZone })) !== null) return body;
    const { parameters } = await this.definitions.get(owner, name);
    return resolveReportDates(body, parameters, { at, timeZone });
  }
}

/** A schedule shows its body for as long as it lives, and the URL of a database may hold a password. */
function withoutSecret(request: ExportRequest): ExportRequest {
  const { source } = request.spec;
  if (source.type !== 'database' || source.url === undefined) return request;
  const detail = 'is not kept by a schedule, as it may hold a password: name a configured "connection" instead';
  throw ValidationFailed.at('/source/url', detail);
}
