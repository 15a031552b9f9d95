import { RunStatus, type Manifest, type Run } from '../runs/run.js';
import { isTerminal } from '../runs/run-state.js';
import { ResultExpired, RunNotCompleted } from './result-errors.js';

/**
 * The manifest of a run whose result can be read now. Throws `ResultExpired` or `RunNotCompleted`; the latter names the
 * place of the body, if the run was named in one.
 */
export function requireResult(run: Run, { pointer }: { pointer?: string } = {}): Manifest {
  if (run.status === RunStatus.Expired) throw new ResultExpired(run.id, run.expiresAt);
  if (run.status !== RunStatus.Completed || !run.manifest) {
    const detail = `the status of the run is "${run.status}", not "completed"`;
    throw new RunNotCompleted(run.id, run.status, {
      ...(!isTerminal(run.status) && { retryAfter: 1 }),
      ...(pointer !== undefined && { places: [{ pointer, detail }] }),
    });
  }
  return run.manifest;
}
