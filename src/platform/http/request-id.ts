import type { NextFunction, Request, Response } from 'express';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** What a caller may choose as request id: it goes into logs and headers as it is. */
const SAFE_ID = /^[\w.:-]{1,128}$/;

/** The caller's `X-Request-Id`, or one that is made. */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && SAFE_ID.test(given) ? given : randomUUID();
}

/** Takes over `X-Request-Id` or makes one, before anything can go wrong, and answers it. */
export function requestId(request: Request & { id?: string }, response: Response, next: NextFunction): void {
  request.id = requestIdOf(request);
  response.setHeader('X-Request-Id', request.id);
  next();
}
