import { Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { ValidationFailed } from '../common/errors.js';
import { DatasetsService } from '../datasets/datasets.service.js';
import type { Origin } from '../platform/http/caller.js';
import { RunKind } from '../runs/run.js';
import { RunCreator, type CreatedRun } from '../runs/run-creator.js';
import type { ReportRow } from './code-report.js';
import type { Definition } from './definition.js';
import { DefinitionsCatalogue } from './definitions-catalogue.js';
import { DefinitionNotFound, DefinitionsService } from './definitions.service.js';
import type { ReportRequest } from './report-request.js';
import { validateParameters, type ParameterValues } from './parameters/parameter-validation.js';

/** Asking for reports. */
@Injectable()
export class ReportsService {
  constructor(
    private readonly definitions: DefinitionsService,
    private readonly catalogue: DefinitionsCatalogue,
    private readonly datasets: DatasetsService,
    private readonly runs: RunCreator,
  ) {}

  /**
   * Checks the request against the definition's schema, pins the definition's and the datasets' versions, and queues the
   * run. Throws `DefinitionNotFound`, `ValidationFailed`, `DatasetNotFound`.
   */
  async create(origin: Origin, request: ReportRequest, idempotencyKey: string | null): Promise<CreatedRun> {
    const { fields } = request;
    const { definition, parameters, inputs } = await this.prepare(origin.owner, request);
    return await this.runs.create({
      owner: origin.owner,
      kind: RunKind.Report,
      name: definition.name,
      definitionVersion: definition.version,
      parameters,
      format: fields.format,
      formatOptions: {},
      timeZone: fields.time_zone,
      inputs,
      timeoutSeconds: fields.timeout_seconds ?? null,
      maxAgeSeconds: fields.max_age,
      idempotency: idempotencyKey === null ? null : { key: idempotencyKey, requestHash: hashOf(request) },
      requestId: origin.requestId,
      callbackUrl: fields.callback_url ?? null,
      traceparent: origin.traceparent,
    });
  }

  /** Throws what `create` would throw, and queues nothing. */
  async check(owner: string, request: ReportRequest): Promise<void> {
    await this.prepare(owner, request);
  }

  /** The rows of a report in code, at once and without a run: for answers that cost nothing. */
  async evaluate(owner: string, name: string, body: unknown): Promise<ReportRow[]> {
    const definition = await this.definitions.get(owner, name);
    const report = this.catalogue.codeReport(definition);
    if (!report) throw new DefinitionNotFound(name, definition.version);
    const rows: ReportRow[] = [];
    const parameters = validateParameters(definition, body);
    for await (const row of report.generate(parameters, { signal: new AbortController().signal })) rows.push(row);
    return rows;
  }

  private async prepare(owner: string, request: ReportRequest) {
    const definition = await this.find(owner, request.fields.report_name);
    const parameters = check(definition, request);
    const names = definition.datasets.map(({ name }) => name);
    return { definition, parameters, inputs: await this.datasets.resolve(owner, names) };
  }

  /** In a body an unknown name is a field that cannot be used. */
  private async find(owner: string, name: string): Promise<Definition> {
    try {
      return await this.definitions.get(owner, name);
    } catch (error) {
      if (!(error instanceof DefinitionNotFound)) throw error;
      throw ValidationFailed.at('/report_name', error.message);
    }
  }
}

/** The parameters in their normal form; all bad fields of the request are told at once. */
function check(definition: Definition, { parameters, problems }: ReportRequest): ParameterValues {
  try {
    const values = validateParameters(definition, parameters);
    if (problems.length > 0) throw ValidationFailed.of([]);
    return values;
  } catch (error) {
    if (!(error instanceof ValidationFailed)) throw error;
    throw ValidationFailed.of([...problems, ...error.places]);
  }
}

function hashOf({ fields, parameters }: ReportRequest): string {
  return createHash('sha256')
    .update(JSON.stringify([fields, parameters]))
    .digest('hex');
}
