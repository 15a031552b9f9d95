import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Open } from '../platform/http/access.js';
import { attachment } from './attachment.js';
import { LocalStorage, type LinkedFile } from './drivers/local.js';
import { ObjectMissing, PreconditionFailed, RangeNotSatisfiable, StorageUnavailable } from './storage-errors.js';
import { Storage } from './storage.js';

/**
 * Bytes that are read at once. Buffers that were sent stay in memory until the next collection, which objects start and
 * bytes do not: with the usual 64 KiB a large download held 60 MB, with this 15 MB.
 */
const READ_BYTES = 16 * 1024;

/** Serves the links that the local driver signs; an S3 server does this by itself. HEAD is answered by the same route. */
@ApiExcludeController()
@Open('The signature of the link is the credential.')
@Controller('files')
export class LocalFilesController {
  constructor(private readonly storage: Storage) {}

  @Get('*key')
  async download(
    @Param('key') segments: string | string[],
    @Query() query: Record<string, unknown>,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    if (!(this.storage instanceof LocalStorage)) throw new ObjectMissing();
    const key = typeof segments === 'string' ? segments : segments.join('/');
    const file = await this.storage.follow(key, query);
    setHeaders(response, file);
    const failure = await send(response, file);
    if (failure === null || request.destroyed || response.headersSent) return;
    for (const name of ['Content-Disposition', 'Content-Type', 'ETag', 'Last-Modified']) response.removeHeader(name);
    throw toProblem(failure);
  }
}

function setHeaders(response: Response, file: LinkedFile): void {
  response.setHeader('Content-Type', file.contentType);
  response.setHeader('Content-Disposition', attachment(file.fileName));
  response.setHeader('Cache-Control', 'private, no-store');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('ETag', file.etag);
}

/** Express answers ranges and conditions, and closes the file when the client leaves. Resolves with what went wrong. */
function send(response: Response, file: LinkedFile): Promise<unknown> {
  return new Promise((resolve) => {
    const options = { root: file.root, dotfiles: 'allow', cacheControl: false, highWaterMark: READ_BYTES } as const;
    response.sendFile(file.path, options, (error?: unknown) => {
      resolve(error ?? null);
    });
  });
}

function toProblem(cause: unknown): Error {
  const status = cause instanceof Error && 'status' in cause ? cause.status : undefined;
  switch (status) {
    case 404:
      return new ObjectMissing({ cause });
    case 412:
      return new PreconditionFailed({ cause });
    case 416:
      return new RangeNotSatisfiable({ cause });
    default:
      return new StorageUnavailable({ cause });
  }
}
