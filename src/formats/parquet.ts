import { constants } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { rowsPerGroup } from '../platform/query-engine/row-groups.js';
import { isWide } from './column-files.js';
import { copyToFile } from './copy.js';
import { FormatName, type Format, type Rendered, type RenderJob } from './format.js';

/** Row groups of the engine's own default size: they are read whole, where those of a kept result are read for a page. */
const ROWS_PER_GROUP = 122_880;

/** The result's rows with their own types, compressed with zstd. */
export const parquet: Format = {
  name: FormatName.Parquet,
  extension: 'parquet',
  contentType: 'application/vnd.apache.parquet',
  async render(job) {
    const { table, columns, kept } = job;
    // The same row groups, and a COPY would need room for some thousand rows of every column three times.
    if (kept !== undefined && isWide(columns)) return await copyKept(job, kept);
    const groups = `ROW_GROUP_SIZE ${String(rowsPerGroup(columns.length, ROWS_PER_GROUP))}`;
    return await copyToFile(job, {
      select: `SELECT * FROM ${table}`,
      options: `FORMAT parquet, COMPRESSION zstd, ${groups}`,
    });
  },
};

async function copyKept({ session, table, file }: RenderJob, kept: string): Promise<Rendered> {
  await copyFile(kept, file, constants.COPYFILE_FICLONE);
  const [counted] = await session.query(`SELECT count(*) AS rows FROM ${table}`);
  return { rows: Number(counted?.['rows']), warnings: [] };
}
