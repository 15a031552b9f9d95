import { pointerTo } from '../../common/json-pointer.js';
import type { NextFunction, Request, Response } from 'express';
import { AppError, ErrorCode, ValidationFailed, type ErrorPlace } from '../../common/errors.js';

/** More than any request needs, and few enough for all code that walks a body by recursion. */
const MAX_DEPTH = 64;
const WITH_CONTENT = new Set(['POST', 'PUT', 'PATCH']);

export class ContentTypeRefused extends AppError {
  readonly code = ErrorCode.UnsupportedMediaType;
}

/**
 * Refuses what no route can use: a body that is not said to be JSON, and text that PostgreSQL cannot keep (U+0000, half
 * a surrogate pair), be it in the URL or at any place of a parsed body.
 */
export function checkInput(request: Request, _response: Response, next: NextFunction): void {
  if (request.originalUrl.includes('%00')) throw ValidationFailed.at('', 'the URL has a zero byte (%00)');
  if (WITH_CONTENT.has(request.method) && request.header('content-length') !== '0' && request.is('json') === false) {
    throw new ContentTypeRefused('The body must be JSON. Send it with "Content-Type: application/json".');
  }
  const fault = faultOf(request.body);
  if (fault !== null) throw ValidationFailed.of([fault]);
  next();
}

/** The first place of a JSON value that cannot be kept; null if there is none. */
export function faultOf(body: unknown): ErrorPlace | null {
  const open = [{ value: body, pointer: '', depth: 0 }];
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    const { value, pointer, depth } = item;
    if (typeof value === 'string' && !isKeepable(value)) return { pointer, detail: UNKEEPABLE };
    if (typeof value !== 'object' || value === null) continue;
    if (depth === MAX_DEPTH)
      return { pointer, detail: `is nested deeper than the ${String(MAX_DEPTH)} levels allowed` };
    for (const [name, inner] of Object.entries(value)) {
      if (!isKeepable(name)) return { pointer, detail: `has a field whose name ${UNKEEPABLE}` };
      open.push({ value: inner, pointer: pointer + pointerTo(name), depth: depth + 1 });
    }
  }
  return null;
}

const UNKEEPABLE = 'has a character that cannot be kept: U+0000 or half a surrogate pair';

const isKeepable = (text: string): boolean => !text.includes('\0') && text.isWellFormed();
