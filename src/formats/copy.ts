import { quoteText } from '../platform/query-engine/statement-text.js';
import type { Copy, Rendered, RenderJob } from './format.js';
import { copyToGzip } from './gzip.js';

/** Writes the job's file by one COPY. */
export async function copyToFile(job: RenderJob, { select, options, warnings = [] }: Copy): Promise<Rendered> {
  const { session, file, onProgress } = job;
  const statement = `COPY (${select}) TO ${quoteText(file)} (${options})`;
  const [written] = await session.query(statement, { ...(onProgress && { onProgress }) });
  return { rows: Number(written?.['Count']), warnings };
}

/** The same, compressed if that is asked for. */
export async function copyText(job: RenderJob, copy: Copy): Promise<Rendered> {
  return job.options.gzip === true ? await copyToGzip(job, copy) : await copyToFile(job, copy);
}
