import type { NextFunction, Request, Response } from 'express';

/** Cuts the connection of a client that has not sent its whole body after so long: bodies are read before it is known whose they are. */
export function bodyWithin(milliseconds: number) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const timer = setTimeout(() => {
      if (!request.complete) request.destroy();
    }, milliseconds);
    response.once('close', () => {
      clearTimeout(timer);
    });
    next();
  };
}
