import { assertNever } from '../common/assert-never.js';
import { RunStatus } from './run.js';

/** What can happen to a run. Each change is written by one conditional update. */
export const RunChange = {
  Claim: 'claim',
  Complete: 'complete',
  Fail: 'fail',
  /** Back into the queue: retry after an error, drain of a worker, lost worker. */
  Requeue: 'requeue',
  Cancel: 'cancel',
  /** Cancel of a run that waits for its next attempt: what the ones before have left must go first. */
  Withdraw: 'withdraw',
  /** The cancelled work has really stopped. */
  ConfirmCancel: 'confirm-cancel',
  Expire: 'expire',
} as const;
export type RunChange = (typeof RunChange)[keyof typeof RunChange];

/** The status after a change, or null when the change is not allowed in that status. */
export function nextStatus(status: RunStatus, change: RunChange): RunStatus | null {
  switch (change) {
    case RunChange.Claim:
      return status === RunStatus.Queued ? RunStatus.Running : null;
    case RunChange.Complete:
      return status === RunStatus.Running ? RunStatus.Completed : null;
    case RunChange.Fail:
      return status === RunStatus.Running || status === RunStatus.Queued ? RunStatus.Error : null;
    case RunChange.Requeue:
      return status === RunStatus.Running ? RunStatus.Queued : null;
    case RunChange.Cancel:
      if (status === RunStatus.Queued) return RunStatus.Cancelled;
      return status === RunStatus.Running ? RunStatus.Cancelling : null;
    case RunChange.Withdraw:
      return status === RunStatus.Queued ? RunStatus.Cancelling : null;
    case RunChange.ConfirmCancel:
      return status === RunStatus.Cancelling ? RunStatus.Cancelled : null;
    case RunChange.Expire:
      return status === RunStatus.Completed ? RunStatus.Expired : null;
    default:
      return assertNever(change);
  }
}

/** The statuses in which a change is allowed. */
export function allowedFrom(change: RunChange): RunStatus[] {
  return Object.values(RunStatus).filter((status) => nextStatus(status, change) !== null);
}

/** Whether nothing more will happen to the run but its expiry. */
export function isTerminal(status: RunStatus): boolean {
  switch (status) {
    case RunStatus.Queued:
    case RunStatus.Running:
    case RunStatus.Cancelling:
      return false;
    case RunStatus.Completed:
    case RunStatus.Error:
    case RunStatus.Cancelled:
    case RunStatus.Expired:
      return true;
    default:
      return assertNever(status);
  }
}

export const TERMINAL_STATUSES = Object.values(RunStatus).filter(isTerminal);
export const LIVE_STATUSES = Object.values(RunStatus).filter((status) => !isTerminal(status));
