import { RunStatus, type Manifest, type Run } from '../runs/run.js';
import { isTerminal } from '../runs/run-state.js';
import { ResultExpired, RunNotCompleted } from './result-errors.js';

/** The manifest of a run whose result can be read now. Throws `ResultExpired` or `RunNotCompleted`. */
export function requireResult(run: Run, now = new Date()): Manifest {
  const isOver = run.status === RunStatus.Completed && run.expiresAt <= now;
  if (run.status === RunStatus.Expired || isOver) throw new ResultExpired(run.id, run.expiresAt);
  if (run.status !== RunStatus.Completed || !run.manifest) {
    throw new RunNotCompleted(run.id, run.status, isTerminal(run.status) ? undefined : 1);
  }
  return run.manifest;
}
