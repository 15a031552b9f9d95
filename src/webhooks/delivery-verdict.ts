import type { RetrySchedule } from './retry-schedule.js';
import type { DeliveryOutcome } from './delivery-claims.repository.js';
import { PING } from './webhook.js';

/** What the receiver did: its answer, or why there is none. `isFinal`: trying again would not change it. */
export type Reaction =
  { status: number; retryAfterSeconds: number | null } | { status: null; error: string; isFinal: boolean };

/** `error` is for the log of the delivery. `isGone`: the receiver wants nothing any more. */
export interface Verdict {
  outcome: DeliveryOutcome;
  error: string | null;
  isGone: boolean;
}

const GONE = 410;
/** Statuses that may come with `Retry-After`. */
const BUSY: ReadonlySet<number> = new Set([429, 503]);

/** What an attempt comes to. A ping is for somebody who waits for its outcome: it is not tried again. */
export function verdictOn(
  reaction: Reaction,
  delivery: { type: string; failures: number },
  schedule: RetrySchedule,
): Verdict {
  const error = errorOf(reaction);
  if (error === null) return { outcome: { kind: 'delivered' }, error, isGone: false };
  const isGone = reaction.status === GONE;
  const isFinal = isGone || delivery.type === PING || (reaction.status === null && reaction.isFinal);
  const asked = reaction.status !== null && BUSY.has(reaction.status) ? reaction.retryAfterSeconds : null;
  const afterSeconds = isFinal ? null : schedule.next(delivery.failures + 1, asked);
  return { outcome: afterSeconds === null ? { kind: 'failed' } : { kind: 'retry', afterSeconds }, error, isGone };
}

function errorOf(reaction: Reaction): string | null {
  const { status } = reaction;
  if (status === null) return reaction.error;
  if (status >= 200 && status < 300) return null;
  if (status === GONE) return 'The receiver answered 410: it is gone and wants no more events.';
  if (status >= 300 && status < 400) return `The receiver answered ${String(status)}. Redirects are not followed.`;
  return `The receiver answered ${String(status)}.`;
}
