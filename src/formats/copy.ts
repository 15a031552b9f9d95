import { quoteText } from '../platform/query-engine/statement-text.js';
import type { Rendered, RenderJob } from './format.js';

/** What a text format asks of the engine: the rows in the form they have in the file, and the options of COPY. */
export interface Copy {
  select: string;
  options: string;
}

/** Writes the job's file by one COPY. */
export async function copyToFile(job: RenderJob, { select, options }: Copy): Promise<Rendered> {
  const { session, file, onProgress } = job;
  const statement = `COPY (${select}) TO ${quoteText(file)} (${options})`;
  const [written] = await session.query(statement, { ...(onProgress && { onProgress }) });
  return { rows: Number(written?.['Count']), warnings: [] };
}
