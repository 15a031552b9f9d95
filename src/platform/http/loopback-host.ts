import type { NextFunction, Request, Response } from 'express';
import type { IncomingMessage } from 'node:http';
import { AppError, ErrorCode } from '../../common/errors.js';

const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/** A page of another name that leads to this machine would be let in like one of this machine (DNS rebinding). */
export class HostRefused extends AppError {
  readonly code = ErrorCode.HostRefused;

  constructor() {
    super(
      'This needs no key because only this machine can ask for it. So it must be asked for by a name of this machine, as ' +
        'localhost or 127.0.0.1.',
    );
  }
}

/** Throws `HostRefused` for a request to another host than this machine. */
export function checkLoopbackHost({ headers }: Pick<IncomingMessage, 'headers'>): void {
  if (!LOOPBACK_HOST.test(headers.host ?? '')) throw new HostRefused();
}

export function onlyLoopbackHost(request: Request, _response: Response, next: NextFunction): void {
  checkLoopbackHost(request);
  next();
}
