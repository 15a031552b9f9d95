import type { NextFunction, Request, Response } from 'express';
import { randomUUID } from 'node:crypto';

/** What a caller may choose as request id: it goes into logs and headers as it is. */
const SAFE_ID = /^[\w.:-]{1,128}$/;

/** Takes over `X-Request-Id` or makes one, before anything can go wrong, and answers it. */
export function requestId(request: Request & { id?: string }, response: Response, next: NextFunction): void {
  const given = request.header('x-request-id');
  request.id = given !== undefined && SAFE_ID.test(given) ? given : randomUUID();
  response.setHeader('X-Request-Id', request.id);
  next();
}
