import { pointerTo } from '../../common/json-pointer.js';
import type { QuerySession } from '../../platform/query-engine/query-engine.js';
import { exactType } from '../../platform/query-engine/exact-types.js';
import { rowsPerGroup } from '../../platform/query-engine/row-groups.js';
import { quoteText } from '../../platform/query-engine/statement-text.js';
import { AppError, ErrorCode, ValidationFailed } from '../../common/errors.js';
import { DatasetInvalid, type DatasetColumn } from '../dataset.js';
import type { CsvOptions } from './csv-dialect.js';
import { isOverride, OVERRIDES } from './csv-types.js';

/** What a client says about its file. `types` overrides the SQL types of columns by name. */
export interface ImportOptions {
  csv: CsvOptions;
  types: Readonly<Record<string, string>>;
}

/** One file on its way to Parquet: `source` and `target` are paths in the session's folder. */
export interface ImportJob {
  session: QuerySession;
  source: string;
  target: string;
  options: ImportOptions;
}

/** What is fetched of a value to look at or to show it: a file may have values of any length, but only of text. */
export const MAX_CHARACTERS = 100;

const ROWS_PER_GROUP = 122_880;

/** Writes the rows of a SELECT of ours to the target. */
export async function writeParquet(job: ImportJob, select: string, columns: number): Promise<void> {
  const rows = String(rowsPerGroup(columns, ROWS_PER_GROUP));
  const format = `FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${rows}`;
  await job.session.query(`COPY (${select}) TO ${quoteText(job.target)} (${format})`);
}

/** Throws `ValidationFailed` when an override names a column that is not there or a type that cannot be asked for. */
export function checkOverrides(types: Readonly<Record<string, string>>, columns: readonly string[]): void {
  for (const [name, type] of Object.entries(types)) {
    const pointer = pointerTo('types', name);
    if (!columns.includes(name)) throw ValidationFailed.at(pointer, 'is not a column of the file');
    if (!isOverride(type)) throw ValidationFailed.at(pointer, `must be one of ${OVERRIDES}`);
  }
}

/** The type that was asked for, as Parquet can keep it; only what the client gave counts, not what every object has (`constructor`). */
export function overrideOf(types: Readonly<Record<string, string>>, name: string): string | undefined {
  const type = Object.hasOwn(types, name) ? types[name] : undefined;
  return type === undefined ? undefined : exactType(type);
}

export async function columnsOf(session: QuerySession, relation: string): Promise<DatasetColumn[]> {
  const rows = await session.query(`DESCRIBE SELECT * FROM ${relation}`);
  const columns = rows.map((row) => ({ name: String(row['column_name']), type: String(row['column_type']) }));
  if (columns.length === 0) throw new DatasetInvalid('The file has no columns.');
  return columns;
}

/** The engine refused the content; all else (memory, disk, an abort) is not the file's fault. */
export function isAboutData(error: unknown): error is AppError {
  return (
    error instanceof AppError && (error.code === ErrorCode.QueryFailed || error.code === ErrorCode.DefinitionInvalid)
  );
}
