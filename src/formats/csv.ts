import { quoteText } from '../platform/query-engine/statement-text.js';
import { FormatName, type Format } from './format.js';
import { textProjection } from './projection.js';

/** RFC 4180 with a header line and LF line ends. NULL is an empty field, empty text is `""`. */
export const csv: Format = {
  name: FormatName.Csv,
  extension: 'csv',
  contentType: 'text/csv; charset=utf-8',
  async render({ session, table, columns, file, onProgress }) {
    await session.query(
      `COPY (SELECT ${textProjection(columns)} FROM ${table}) TO ${quoteText(file)} (FORMAT csv, HEADER true)`,
      {
        ...(onProgress && { onProgress }),
      },
    );
    return { warnings: [] };
  },
};
