import { RunKind } from './run.js';

/** One Bull queue per kind of run, so that one kind's backlog does not delay the other. */
export const REPORTS_QUEUE = 'reports';
export const EXPORTS_QUEUE = 'exports';
export const QUEUE_OF_KIND: Readonly<Record<RunKind, string>> = {
  [RunKind.Report]: REPORTS_QUEUE,
  [RunKind.Export]: EXPORTS_QUEUE,
};

/**
 * Payload of a run's job: the run that was its reason. It wakes a worker, which takes the run whose turn it is; only workers of
 * version 0.1 and before read the id. Fields are only ever added, and only as optional.
 */
export interface RunJob {
  runId: string;
}
