import type { OpenAPIObject } from '@nestjs/swagger';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { AppError, ErrorCode } from '../../common/errors.js';
import { matchPath } from './path-pattern.js';

const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;

export class MethodNotAllowed extends AppError {
  readonly code = ErrorCode.MethodNotAllowed;

  constructor(method: string, allowed: string) {
    super(`${method} is not served at this path, only ${allowed}.`);
  }
}

/** Refuses a method that no operation of the document has at the path, and says in `Allow` which it has. */
export function onlyDocumentedMethods(document: OpenAPIObject): RequestHandler {
  const operations = Object.entries(document.paths).map(([path, item]) => ({
    pattern: path.replaceAll(/\{(\w+)\}/g, ':$1'),
    methods: METHODS.filter((method) => item[method] !== undefined),
  }));
  return (request: Request, response: Response, next: NextFunction) => {
    const served = operations.filter(({ pattern }) => matchPath(pattern, request.path) !== null);
    const methods = new Set(served.flatMap((operation) => operation.methods.map((method) => method.toUpperCase())));
    if (methods.has('GET')) methods.add('HEAD');
    if (methods.size > 0 && !methods.has(request.method)) {
      const allowed = [...methods].join(', ');
      response.setHeader('Allow', allowed);
      throw new MethodNotAllowed(request.method, allowed);
    }
    next();
  };
}
