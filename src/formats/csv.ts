import { copyToFile, type Copy } from './copy.js';
import { FormatName, type Format, type RenderJob } from './format.js';
import { textProjection } from './projection.js';

export const csvCopy = ({ table, columns }: RenderJob): Copy => ({
  select: `SELECT ${textProjection(columns)} FROM ${table}`,
  options: 'FORMAT csv, HEADER true',
});

/** RFC 4180 with a header line and LF line ends. NULL is an empty field, empty text is `""`. */
export const csv: Format = {
  name: FormatName.Csv,
  extension: 'csv',
  contentType: 'text/csv; charset=utf-8',
  render: async (job) => await copyToFile(job, csvCopy(job)),
};
