import { z } from 'zod';
import { RunKind } from './run.js';

/** One Bull queue per kind of run, so that one kind's backlog does not delay the other. */
export const REPORTS_QUEUE = 'reports';
export const EXPORTS_QUEUE = 'exports';
export const QUEUE_OF_KIND: Readonly<Record<RunKind, string>> = {
  [RunKind.Report]: REPORTS_QUEUE,
  [RunKind.Export]: EXPORTS_QUEUE,
};

/** Payload of a run's job: ids only. Fields are only ever added, and only as optional. */
export const runJobSchema = z.object({ runId: z.uuid() });
export type RunJob = z.infer<typeof runJobSchema>;
