import { copyText } from './copy.js';
import { FormatName, type Copy, type Format, type RenderJob } from './format.js';
import { jsonProjection } from './json-projection.js';

/** One JSON array of objects. */
export const json: Format = {
  name: FormatName.Json,
  extension: 'json',
  contentType: 'application/json',
  render: async (job) => await copyText(job, jsonCopy(job, true)),
  copy: async (job) => jsonCopy(job, true),
};

/** One JSON object per line. */
export const ndjson: Format = {
  name: FormatName.Ndjson,
  extension: 'ndjson',
  contentType: 'application/x-ndjson',
  render: async (job) => await copyText(job, jsonCopy(job, false)),
  copy: async (job) => jsonCopy(job, false),
};

const jsonCopy = ({ table, columns }: RenderJob, array: boolean): Copy => ({
  select: `SELECT ${jsonProjection(columns)} FROM ${table}`,
  options: `FORMAT json, ARRAY ${String(array)}`,
});
