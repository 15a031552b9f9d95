import { isWide } from './column-files.js';
import { copyText } from './copy.js';
import { FormatName, type Copy, type Format, type RenderJob } from './format.js';
import type { RecordFrame } from './joined-records.js';
import { jsonValues } from './json-projection.js';

const OBJECT = { quoted: false, wrapped: 1, start: '{', glue: ',', header: false } as const;
const LINES: RecordFrame = { ...OBJECT, end: '}\n', separator: '', head: '', tail: '' };
/** With the white space that the engine puts into an array. */
const ARRAY: RecordFrame = { ...OBJECT, end: '}', separator: ',\n\t', head: '[\n\t', tail: '\n]\n' };

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

function jsonCopy({ table, columns }: RenderJob, array: boolean): Copy {
  const values = jsonValues(columns);
  return {
    select: `SELECT ${values.join(', ')} FROM ${table}`,
    options: `FORMAT json, ARRAY ${String(array)}`,
    wide: isWide(columns) ? { values, options: 'FORMAT json, ARRAY false', frame: array ? ARRAY : LINES } : undefined,
  };
}
