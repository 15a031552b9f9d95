import type { NextFunction, Request, RequestHandler, Response } from 'express';

/** Cuts the connection of an upload that has not gone on for so long. It may last as long as it lasts, but not stand still. */
export function cutStalledUploads(seconds: number): RequestHandler {
  return (request: Request, response: Response, next: NextFunction) => {
    if (hasBody(request)) {
      request.setTimeout(seconds * 1000, () => {
        // Bytes that nobody has taken yet: then it is the service that is slow.
        if (request.readableLength > 0) request.setTimeout(seconds * 1000);
        else request.destroy();
      });
      request.once('end', () => {
        // After the answer the time-out of an idle connection has taken the place of this one.
        if (!response.writableFinished) request.setTimeout(0);
      });
    }
    next();
  };
}

const hasBody = ({ headers }: Request): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
