import type { RenderJob } from './format.js';

/** A file costs some 15 ms whatever is in it, and a careless option would make a file of each row. */
const MAX_FILES = 10_000;

/** How the rows of a table go into an archive. */
export interface ZipPlan {
  files: number;
  rowsPerFile: number;
  warnings: string[];
}

/** One file with all rows unless `maxRowsPerFile` says less; also of no rows there is one file. */
export async function planOf(
  { session, table }: Pick<RenderJob, 'session' | 'table'>,
  maxRowsPerFile: number | undefined,
): Promise<ZipPlan> {
  if (maxRowsPerFile === undefined) return { files: 1, rowsPerFile: Infinity, warnings: [] };
  const [counted] = await session.query(`SELECT count(*) AS rows FROM ${table}`);
  const rows = Number(counted?.['rows']);
  const rowsPerFile = Math.max(maxRowsPerFile, Math.ceil(rows / MAX_FILES));
  const [most, raised] = [MAX_FILES, rowsPerFile].map((count) => count.toLocaleString('en'));
  return {
    files: Math.max(1, Math.ceil(rows / rowsPerFile)),
    rowsPerFile,
    warnings:
      rowsPerFile === maxRowsPerFile
        ? []
        : [
            `zip: max_rows_per_file was raised to ${String(raised)}, as an archive holds ${String(most)} files at most.`,
          ],
  };
}
