import { Injectable } from '@nestjs/common';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { readFormatOptions } from '../formats/format-options.js';
import { FORMATS, fileKind, isFormatName } from '../formats/formats.js';
import type { FormatName } from '../formats/format.js';
import type { QuerySession } from '../platform/query-engine/query-engine.js';
import type { TableColumn } from '../common/table-column.js';
import type { NewArtifact } from '../runs/artifact.js';
import type { Bounds } from '../limits/bounds.js';
import type { RunContext, RunOutcome } from '../runs/run-context.js';
import { RunPhase, type Run } from '../runs/run.js';
import { Storage, type WrittenObject } from '../storage/storage.js';
import { describeColumns } from './result-columns.js';
import { RowCountMismatch } from './result-errors.js';

/** Name of the relation that a result is read as. */
export const RESULT_TABLE = 'result';
/** Name of the result's file, in a run's folder and in storage. */
export const RESULT_FILE = 'result.parquet';
const PARQUET = 'application/vnd.apache.parquet';

export interface RenderRequest {
  session: QuerySession;
  bounds: Bounds;
  directory: string;
  columns: readonly TableColumn[];
  format: FormatName;
  run: Pick<Run, 'id' | 'name' | 'createdAt' | 'formatOptions'>;
  /** Rows of the result: the file must have as many. */
  rows: number;
  keyPrefix: string;
  onProgress?: (phase: RunPhase, percent: number | null) => void;
}

/** What is known of a result beside its file, and what it may have. */
export interface ResultNotes {
  bounds: Bounds;
  rows: number;
  warnings?: readonly string[];
  source?: Record<string, unknown>;
}

/** Makes of a result file what is kept: the Parquet object, the asked artifact, and the manifest that proves them. */
@Injectable()
export class ResultWriter {
  constructor(private readonly storage: Storage) {}

  /** Stores the rows in `<directory>/result.parquet`, which the session has written. */
  async write(context: RunContext, session: QuerySession, notes: ResultNotes): Promise<RunOutcome> {
    const { rows, bounds } = notes;
    const { run, directory, keyPrefix } = context;
    const file = join(directory, RESULT_FILE);
    await session.relate(RESULT_TABLE, file);
    const columns = await describeColumns(session, RESULT_TABLE);
    const upload = this.upload(file, `${keyPrefix}${RESULT_FILE}`, { contentType: PARQUET, bounds });
    const render = this.renderIfAsked(context, session, { columns, rows, bounds });
    // Both must have ended before an error of one is told: nothing may go on writing after that.
    const [stored, rendered] = await Promise.allSettled([upload, render]);
    if (rendered.status === 'rejected') throw rendered.reason;
    if (stored.status === 'rejected') throw stored.reason;
    return {
      artifact: rendered.value,
      manifest: {
        rows,
        bytes: stored.value.size,
        sha256: stored.value.sha256,
        key: stored.value.key,
        columns,
        definition: { name: run.name, version: run.definitionVersion },
        datasets: run.inputs.map(({ name, version }) => ({ name, version })),
        parameters: run.parameters,
        asOf: run.createdAt.toISOString(),
        engine: await engineVersion(session),
        warnings: [...(notes.warnings ?? []), ...(rendered.value?.warnings ?? [])],
        source: notes.source ?? null,
      },
    };
  }

  /** Renders one format of the relation `result`, which is `<directory>/result.parquet`, and stores it. Throws `LimitReached`. */
  async render(request: RenderRequest): Promise<NewArtifact> {
    const { session, bounds, directory, columns, run, keyPrefix, onProgress } = request;
    const format = FORMATS[request.format];
    const options = readFormatOptions(request.format, run.formatOptions);
    const { extension, contentType } = fileKind(request.format, options);
    const id = uuidv7();
    const file = bounds.watch(join(directory, `${id}.${extension}`));
    const baseName = `${run.name}-${run.createdAt.toISOString().slice(0, 10)}`;
    onProgress?.(RunPhase.Render, null);
    const rendered = await format.render({
      session,
      table: RESULT_TABLE,
      columns,
      file,
      kept: join(directory, RESULT_FILE),
      modified: run.createdAt,
      baseName,
      options,
      onProgress: ({ percent }) => onProgress?.(RunPhase.Render, percent),
      signal: bounds.signal,
    });
    if (rendered.rows !== request.rows) {
      throw new RowCountMismatch('The file', { expected: request.rows, found: rendered.rows });
    }
    onProgress?.(RunPhase.Upload, 0);
    const stored = await this.upload(file, `${keyPrefix}${id}.${extension}`, {
      contentType,
      bounds,
      onPercent: (percent) => onProgress?.(RunPhase.Upload, percent),
    });
    const fileName = `${baseName}.${extension}`;
    return { ...stored, ...rendered, id, format: format.name, fileName, contentType };
  }

  private async renderIfAsked(
    context: RunContext,
    session: QuerySession,
    result: Pick<RenderRequest, 'columns' | 'rows' | 'bounds'>,
  ): Promise<NewArtifact | null> {
    const { run, directory, keyPrefix, progress } = context;
    if (run.format === null || !isFormatName(run.format)) return null;
    return await this.render({
      session,
      directory,
      ...result,
      format: run.format,
      run,
      keyPrefix,
      onProgress: (phase, percent) => {
        progress(phase, { percent });
      },
    });
  }

  private async upload(
    file: string,
    key: string,
    options: { contentType: string; bounds: Bounds; onPercent?: (percent: number) => void },
  ): Promise<WrittenObject> {
    const { size } = await stat(file);
    const { contentType, bounds, onPercent } = options;
    bounds.requireBytes(size);
    const { signal } = bounds;
    return await this.storage.put(key, createReadStream(file, { highWaterMark: 1024 * 1024, signal }), {
      contentType,
      signal,
      ...(onPercent && {
        onProgress: (bytes) => {
          onPercent(size === 0 ? 100 : (bytes / size) * 100);
        },
      }),
    });
  }
}

async function engineVersion(session: QuerySession): Promise<string> {
  const [row] = await session.query('SELECT version() AS version');
  return `DuckDB ${String(row?.['version'])}`;
}
