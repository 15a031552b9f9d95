import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { AppError, ErrorCode } from '../../common/errors.js';
import { Config } from '../../config/config.js';
import { IsolatedQueryEngine } from '../../platform/query-engine/query-engine.js';
import { quoteText } from '../../platform/query-engine/statement-text.js';
import { DatasetInvalid, SourceFormat, type DatasetColumn } from '../dataset.js';
import { importCsv } from './csv-import.js';
import { ImportGate } from './import-gate.js';
import { columnsOf, type ImportJob, type ImportOptions } from './import-job.js';
import { importJson } from './json-import.js';
import { importParquet } from './parquet-import.js';
import { spool, type Upload } from './upload-spool.js';

/** An upload that has become a Parquet file, which goes when the work on it is done. */
export interface ImportedFile {
  path: string;
  rows: bigint;
  columns: readonly DatasetColumn[];
  sourceFormat: SourceFormat;
}

export interface ImportRequest {
  upload: Upload;
  format: SourceFormat | undefined;
  options: ImportOptions;
  /** As it is received. */
  maxUploadBytes: number;
  signal: AbortSignal;
}

const WAITING_PER_IMPORT = 8;
const MEMORY_MB = 256;
/** A reader and a writer hold a vector of every column: 1,147 columns of CSV need some 400 MB more. */
const MEMORY_MB_PER_COLUMN = 0.4;
const MAX_MEMORY_MB = 1024;
/** A second thread needs half as much memory again and, beside other requests, saves little time. */
const THREADS = 1;

/**
 * Turns uploads into Parquet, in a private folder each and never in memory as a whole. The engine is a process of its own,
 * so that the memory that an import needs is not kept by the process that serves requests.
 */
@Injectable()
export class DatasetImport {
  private readonly gate: ImportGate;
  private readonly root: string;

  constructor(
    private readonly config: Config,
    private readonly engine: IsolatedQueryEngine,
  ) {
    const { concurrentImports } = config.datasets;
    this.gate = new ImportGate(concurrentImports, concurrentImports * WAITING_PER_IMPORT);
    this.root = join(config.scratchDir, 'uploads');
  }

  /**
   * Gives `use` the Parquet file of an upload; the file is removed afterwards, however it ends. Throws `DatasetInvalid`,
   * `UploadTooLarge`, `UploadIncomplete`, `ValidationFailed`, and `ServiceUnavailable` when too many imports are waiting.
   */
  run<T>(request: ImportRequest, use: (file: ImportedFile) => Promise<T>): Promise<T> {
    return this.gate.run(async () => {
      const directory = join(this.root, randomUUID());
      await mkdir(directory, { recursive: true });
      try {
        return await use(await this.import(request, directory));
      } finally {
        await rm(directory, { recursive: true, force: true });
      }
    }, request.signal);
  }

  private async import(request: ImportRequest, directory: string): Promise<ImportedFile> {
    const { upload, format, options, maxUploadBytes, signal } = request;
    const { maxUnpackedBytes } = this.config.datasets;
    const source = join(directory, 'upload');
    const target = join(directory, 'data.parquet');
    const sourceFormat = await spool(upload, source, { format, maxUploadBytes, maxUnpackedBytes, signal });
    const columns = sourceFormat === SourceFormat.Csv ? await estimateColumns(source) : 0;
    const session = await this.engine.open({ directory, signal, limits: limitsFor(columns) });
    try {
      await convert(sourceFormat, { session, source, target, options });
      const relation = `read_parquet(${quoteText(target)})`;
      const [counted] = await session.query(`SELECT count(*) AS rows FROM ${relation}`);
      return {
        path: target,
        rows: BigInt(String(counted?.['rows'])),
        columns: await columnsOf(session, relation),
        sourceFormat,
      };
    } catch (error) {
      throw explainLimits(error);
    } finally {
      await session.close();
    }
  }
}

function convert(format: SourceFormat, job: ImportJob): Promise<void> {
  switch (format) {
    case SourceFormat.Csv:
      return importCsv(job);
    case SourceFormat.Parquet:
      return importParquet(job);
    default:
      return importJson(job);
  }
}

function limitsFor(columns: number) {
  const memoryMb = Math.min(MAX_MEMORY_MB, Math.ceil(MEMORY_MB + columns * MEMORY_MB_PER_COLUMN));
  return { memoryMb, threads: THREADS };
}

/** From the separators of the first line; only the memory depends on it. */
async function estimateColumns(file: string): Promise<number> {
  for await (const chunk of createReadStream(file, { encoding: 'latin1', end: 1024 * 1024 })) {
    return (/^[^\n]*/.exec(String(chunk))?.[0] ?? '').split(/[,;\t|]/).length;
  }
  return 0;
}

function explainLimits(error: unknown): unknown {
  if (!(error instanceof AppError)) return error;
  if (error.code !== ErrorCode.QueryOutOfMemory && error.code !== ErrorCode.QuerySpillLimit) return error;
  return new DatasetInvalid(
    'The file needs more memory than an import may use. Are there very long values or very many columns? Upload it in parts.',
    { cause: error },
  );
}
