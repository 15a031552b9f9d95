import { quoteText } from '../platform/query-engine/statement-text.js';
import { FormatName, type Format, type RenderJob } from './format.js';
import { jsonProjection } from './projection.js';

/** One JSON array of objects. */
export const json: Format = {
  name: FormatName.Json,
  extension: 'json',
  contentType: 'application/json',
  render: async (job) => await copy(job, true),
};

/** One JSON object per line. */
export const ndjson: Format = {
  name: FormatName.Ndjson,
  extension: 'ndjson',
  contentType: 'application/x-ndjson',
  render: async (job) => await copy(job, false),
};

async function copy(job: RenderJob, array: boolean): Promise<{ warnings: string[] }> {
  const { session, table, columns, file, onProgress } = job;
  const target = `${quoteText(file)} (FORMAT json, ARRAY ${String(array)})`;
  await session.query(`COPY (SELECT ${jsonProjection(columns)} FROM ${table}) TO ${target}`, {
    ...(onProgress && { onProgress }),
  });
  return { warnings: [] };
}
