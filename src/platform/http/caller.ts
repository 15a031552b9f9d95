import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import type { Actor } from '../../common/actor.js';
import type { Scope } from '../../common/scope.js';

/** For whom something is done, and what it can be found by. Every run, dataset and file belongs to an owner and is invisible to others. */
export interface Origin {
  owner: string;
  requestId: string;
  traceparent: string | null;
}

/** Who asks, and what they may do. */
export interface Caller extends Origin {
  scopes: ReadonlySet<Scope>;
  actor: Actor;
  /** When the credential ends; null: never. */
  expiresAt: Date | null;
}

const TRACEPARENT = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/;

export type CallerRequest = IncomingMessage & { id: string; caller?: Caller };

/** The trace that the request belongs to; null if it names none, or wrongly. */
export function traceparentOf({ headers }: Pick<IncomingMessage, 'headers'>): string | null {
  const { traceparent } = headers;
  return typeof traceparent === 'string' && TRACEPARENT.test(traceparent) ? traceparent : null;
}

/** The caller of a request or of a WebSocket. Only of one that was let in. */
export function callerOf({ caller }: CallerRequest): Caller {
  if (caller === undefined) throw new Error('a request without a caller: nothing stood before the route');
  return caller;
}

export const CurrentCaller = createParamDecorator((_: unknown, context: ExecutionContext): Caller =>
  callerOf(context.switchToHttp().getRequest<CallerRequest>()),
);
