import { rowsPerGroup } from '../platform/query-engine/row-groups.js';
import { copyToFile } from './copy.js';
import { FormatName, type Format } from './format.js';

/** Row groups of the engine's own default size: they are read whole, where those of a kept result are read for a page. */
const ROWS_PER_GROUP = 122_880;

/** The result's rows with their own types, compressed with zstd. */
export const parquet: Format = {
  name: FormatName.Parquet,
  extension: 'parquet',
  contentType: 'application/vnd.apache.parquet',
  render: async (job) =>
    await copyToFile(job, {
      select: `SELECT * FROM ${job.table}`,
      options: `FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${String(rowsPerGroup(job.columns.length, ROWS_PER_GROUP))}`,
    }),
};
