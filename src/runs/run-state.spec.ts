import { describe, expect, it } from 'vitest';
import { RunStatus } from './run.js';
import { allowedFrom, isTerminal, nextStatus, RunChange } from './run-state.js';

/** The picture of docs/architecture.md, arrow by arrow. Everything that is not here is not allowed. */
const ARROWS = [
  ['queued', 'claim', 'running'],
  ['queued', 'cancel', 'cancelled'],
  ['queued', 'withdraw', 'cancelling'],
  ['queued', 'fail', 'error'],
  ['running', 'complete', 'completed'],
  ['running', 'fail', 'error'],
  ['running', 'requeue', 'queued'],
  ['running', 'cancel', 'cancelling'],
  ['cancelling', 'confirm-cancel', 'cancelled'],
  ['completed', 'expire', 'expired'],
] as const;

describe('the state machine', () => {
  it.each(Object.values(RunStatus).flatMap((status) => Object.values(RunChange).map((change) => [status, change])))(
    'knows what %s does on %s',
    (status, change) => {
      const arrow = ARROWS.find(([from, by]) => from === status && by === change);
      expect(nextStatus(status as RunStatus, change as RunChange)).toBe(arrow?.[2] ?? null);
    },
  );

  it('lets nothing but the expiry happen to a run that has ended', () => {
    const changes = (status: RunStatus) =>
      Object.values(RunChange).filter((change) => nextStatus(status, change) !== null);
    for (const status of Object.values(RunStatus).filter(isTerminal)) {
      expect(changes(status)).toEqual(status === RunStatus.Completed ? [RunChange.Expire] : []);
    }
  });

  it('names where a change may come from, the queue first', () => {
    expect(allowedFrom(RunChange.Cancel)).toEqual(['queued', 'running']);
    expect(allowedFrom(RunChange.ConfirmCancel)).toEqual(['cancelling']);
  });
});
