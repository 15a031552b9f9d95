import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';

/** Who asks. Every run, dataset and file belongs to an owner and is invisible to others. */
export interface Caller {
  owner: string;
  requestId: string;
  traceparent: string | null;
}

/** Owner of everything while the service has no API keys. */
export const DEFAULT_OWNER = 'default';

const TRACEPARENT = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/;

/** The caller of a request or of a WebSocket. */
export function callerOf({ id, headers }: Pick<IncomingMessage, 'headers'> & { id: string }): Caller {
  const { traceparent } = headers;
  return {
    owner: DEFAULT_OWNER,
    requestId: id,
    traceparent: typeof traceparent === 'string' && TRACEPARENT.test(traceparent) ? traceparent : null,
  };
}

export const CurrentCaller = createParamDecorator((_: unknown, context: ExecutionContext): Caller =>
  callerOf(context.switchToHttp().getRequest<IncomingMessage & { id: string }>()),
);
