import { quoteText } from '../platform/query-engine/statement-text.js';
import type { RenderJob } from './format.js';

/** What a text format asks of the engine: the rows in the form they have in the file, and the options of COPY. */
export interface Copy {
  select: string;
  options: string;
}

/** Writes the job's file by one COPY. */
export async function copyToFile(job: RenderJob, { select, options }: Copy): Promise<{ warnings: string[] }> {
  const { session, file, onProgress } = job;
  await session.query(`COPY (${select}) TO ${quoteText(file)} (${options})`, { ...(onProgress && { onProgress }) });
  return { warnings: [] };
}
