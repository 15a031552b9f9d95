import { Injectable } from '@nestjs/common';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ValidationFailed } from '../../common/errors.js';
import type { QueryColumn } from '../../platform/query-engine/query-engine.js';
import { requireResult } from '../../results/result-access.js';
import { ResultExpired } from '../../results/result-errors.js';
import { RunNotFound } from '../../runs/run-errors.js';
import { RunKind, RunPhase, type Manifest, type Run, type RunInput } from '../../runs/run.js';
import { RunsService } from '../../runs/runs.service.js';
import { ObjectMissing } from '../../storage/storage-errors.js';
import { Storage } from '../../storage/storage.js';
import type { ReportSpec } from './report-spec.js';
import { columnsOf, Source, SOURCE_TABLE, type SourceCheck, type SourceJob, type Staged } from './source.js';

const POINTER = '/source/report_id';
const STAGED_FILE = 'staged.parquet';

/** The kept result of a completed report: its query is never run again. */
@Injectable()
export class ReportSource extends Source<ReportSpec> {
  constructor(
    private readonly runs: RunsService,
    private readonly storage: Storage,
  ) {
    super();
  }

  override async check(request: SourceCheck<ReportSpec>): Promise<RunInput[]> {
    return (await this.find(request)).run.inputs;
  }

  override async describe(request: SourceCheck<ReportSpec>): Promise<readonly QueryColumn[]> {
    return (await this.find(request)).manifest.columns;
  }

  override async stage({ spec, context, session }: SourceJob<ReportSpec>): Promise<Staged> {
    const { directory, signal } = context;
    const report = await this.runs.get(context.run.owner, spec.report_id, RunKind.Report);
    const manifest = requireResult(report);
    const staged = join(directory, STAGED_FILE);
    let bytes = 0;
    const count = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const chunk of chunks) {
        bytes += chunk.length;
        context.progress(RunPhase.Fetch, { percent: (bytes / manifest.bytes) * 100, bytes });
        yield chunk;
      }
    };
    await pipeline(await this.open(report, manifest), count, createWriteStream(staged), { signal });
    await session.relate(SOURCE_TABLE, staged);
    return {
      columns: await columnsOf(session),
      rows: manifest.rows,
      // Those of the report are of the file that was made of it.
      warnings: [],
      facts: {
        type: spec.type,
        report_id: report.id,
        report_name: report.name,
        definition_version: report.definitionVersion,
        as_of: manifest.asOf,
        sha256: manifest.sha256,
      },
    };
  }

  /** The report can expire between the look at its row and the reading of its file. */
  private async open(report: Run, manifest: Manifest): ReturnType<Storage['read']> {
    try {
      return await this.storage.read(manifest.key);
    } catch (error) {
      if (error instanceof ObjectMissing) throw new ResultExpired(report.id, report.expiresAt);
      throw error;
    }
  }

  /** In a body, a report that is not there or no longer there is a field that cannot be used. */
  private async find({ owner, spec }: SourceCheck<ReportSpec>): Promise<{ run: Run; manifest: Manifest }> {
    try {
      const run = await this.runs.get(owner, spec.report_id, RunKind.Report);
      return { run, manifest: requireResult(run, { pointer: POINTER }) };
    } catch (error) {
      if (error instanceof RunNotFound || error instanceof ResultExpired) {
        throw ValidationFailed.at(POINTER, error.message);
      }
      throw error;
    }
  }
}
