import { Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { assertNever } from '../common/assert-never.js';
import type { Origin } from '../platform/http/caller.js';
import { RunCreator, type CreatedRun } from '../runs/run-creator.js';
import { RunKind } from '../runs/run.js';
import { RunsService } from '../runs/runs.service.js';
import type { ExportRequest } from './export-request.js';
import type { ExportSpec, SourceSpec } from './export-spec.js';
import { checkShape } from './shape/shape-check.js';
import { shapeQuery } from './shape/shape.js';
import { SOURCE_TABLE } from './sources/source.js';
import { Sources } from './sources/sources.js';

/** Version of the shape that the parameters of new exports have. */
const REQUEST_VERSION = 1;

/** Asking for exports. */
@Injectable()
export class ExportsService {
  constructor(
    private readonly sources: Sources,
    private readonly creator: RunCreator,
    private readonly runs: RunsService,
  ) {}

  /**
   * Checks what can be checked before the rows are there, pins the versions of datasets, and queues the run. Throws
   * `ValidationFailed` and its like with pointers into the body.
   */
  async create(origin: Origin, request: ExportRequest, idempotencyKey: string | null): Promise<CreatedRun> {
    const { owner, requestId, traceparent } = origin;
    const { spec, format, formatOptions, timeZone, timeoutSeconds, maxAgeSeconds, callbackUrl } = request;
    const { source, inputs } = await this.prepare(owner, spec);
    return await this.creator.create({
      ...{ owner, kind: RunKind.Export, definitionVersion: REQUEST_VERSION, requestId, traceparent },
      ...{ format, formatOptions, timeZone, inputs, timeoutSeconds, maxAgeSeconds, callbackUrl },
      name: request.name ?? (await this.defaultName(owner, spec.source)),
      parameters: { ...spec, source: source.keep(spec.source) },
      idempotency: idempotencyKey === null ? null : { key: idempotencyKey, requestHash: hashOf(request) },
    });
  }

  /** Throws what `create` would throw, and queues nothing. */
  async check(owner: string, { spec }: ExportRequest): Promise<void> {
    await this.prepare(owner, spec);
  }

  private async prepare(owner: string, spec: ExportSpec) {
    checkShape(spec);
    const source = this.sources.of(spec.source);
    const inputs = await source.check({ owner, spec: spec.source });
    const columns = await source.describe({ owner, spec: spec.source });
    if (columns) shapeQuery(SOURCE_TABLE, columns, spec);
    return { source, inputs };
  }

  private async defaultName(owner: string, source: SourceSpec): Promise<string> {
    switch (source.type) {
      case 'dataset':
        return source.datasets[0] ?? source.type;
      case 'report':
        return (await this.runs.get(owner, source.report_id)).name;
      case 'http':
      case 'database':
        return source.type;
      default:
        return assertNever(source);
    }
  }
}

const hashOf = (request: ExportRequest): string => createHash('sha256').update(JSON.stringify(request)).digest('hex');
