import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { quoteText } from '../platform/query-engine/statement-text.js';
import type { Copy, Rendered, RenderJob } from './format.js';
import { copyToGzip } from './gzip.js';
import { textBytes } from './wide-text.js';

/** Writes the job's file by one COPY. */
export async function copyToFile(job: RenderJob, { select, options, warnings = [] }: Copy): Promise<Rendered> {
  const { session, file, onProgress } = job;
  const statement = `COPY (${select}) TO ${quoteText(file)} (${options})`;
  const [written] = await session.query(statement, { ...(onProgress && { onProgress }) });
  return { rows: Number(written?.['Count']), warnings };
}

/** The same, compressed if that is asked for. */
export async function copyText(job: RenderJob, copy: Copy): Promise<Rendered> {
  if (job.options.gzip === true) return await copyToGzip(job, copy);
  return copy.wide === undefined ? await copyToFile(job, copy) : await joinToFile(job, copy);
}

async function joinToFile(job: RenderJob, copy: Copy): Promise<Rendered> {
  let rows = 0;
  const counted = async function* (): AsyncGenerator<Buffer> {
    rows = yield* textBytes(job, copy);
  };
  await pipeline(counted(), createWriteStream(job.file));
  return { rows, warnings: copy.warnings ?? [] };
}
