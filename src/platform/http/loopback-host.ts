import type { NextFunction, Request, Response } from 'express';
import type { IncomingMessage } from 'node:http';
import { AppError, ErrorCode } from '../../common/errors.js';

const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/** A page of another name that leads to this machine, or of another origin, would be let in like one of this machine (DNS rebinding, CSRF). */
export class HostRefused extends AppError {
  readonly code = ErrorCode.HostRefused;

  constructor() {
    super(
      'This needs no key because only this machine can ask for it. So it must be asked for by a name of this machine, as ' +
        'localhost or 127.0.0.1, and by no page from elsewhere.',
    );
  }
}

/** Throws `HostRefused` for a request to another host than this machine, or by a page of one. */
export function checkLoopbackHost({ headers: { host = '', origin } }: Pick<IncomingMessage, 'headers'>): void {
  // Browsers name the origin of a page with all that it sends to another one and that may change something.
  const isOurs = origin === undefined || (URL.canParse(origin) && LOOPBACK_HOST.test(new URL(origin).host));
  if (!LOOPBACK_HOST.test(host) || !isOurs) throw new HostRefused();
}

export function onlyLoopbackHost(request: Request, _response: Response, next: NextFunction): void {
  checkLoopbackHost(request);
  next();
}
