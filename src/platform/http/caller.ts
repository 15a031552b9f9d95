import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';

/** Who asks. Every run, dataset and file belongs to an owner and is invisible to others. */
export interface Caller {
  owner: string;
  requestId: string;
  traceparent: string | null;
}

/** Owner of everything while the service has no API keys. */
export const DEFAULT_OWNER = 'default';

const TRACEPARENT = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/;

export const CurrentCaller = createParamDecorator((_: unknown, context: ExecutionContext): Caller => {
  const request = context.switchToHttp().getRequest<Request & { id: string }>();
  const traceparent = request.header('traceparent');
  return {
    owner: DEFAULT_OWNER,
    requestId: request.id,
    traceparent: traceparent !== undefined && TRACEPARENT.test(traceparent) ? traceparent : null,
  };
});
