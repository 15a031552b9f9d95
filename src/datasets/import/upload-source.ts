import { addAbortSignal, type Readable } from 'node:stream';
import busboy from 'busboy';
import type { Request, Response } from 'express';
import { AppError, ErrorCode } from '../../common/errors.js';
import { UploadIncomplete } from '../dataset.js';
import type { Upload } from './upload-spool.js';

/** How long what a client goes on sending is read and thrown away, so that it gets to read why it was refused. */
const DRAIN_MS = 30_000;

/** The multipart form cannot be read or has no file. */
export class UploadMalformed extends AppError {
  readonly code = ErrorCode.MalformedRequest;
}

/** A signal that aborts with `UploadIncomplete` when the client goes away before it was answered. */
export function abortOnDisconnect(response: Response): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort(new UploadIncomplete());
  });
  return controller.signal;
}

/** The file in a request: its body as it is, or the first file of a multipart form. Throws `UploadMalformed`. */
export async function readUpload(request: Request, signal: AbortSignal): Promise<Upload> {
  const contentType = request.headers['content-type'];
  if (contentType?.toLowerCase().startsWith('multipart/') === true) return await firstFile(request, signal);
  return { body: rawBody(request), fileName: undefined, contentType };
}

/** After a refusal: reads the rest without keeping it, for a while. */
export function drain(request: Request): void {
  request.unpipe();
  request.resume();
  if (request.complete) return;
  const timer = setTimeout(() => request.destroy(), DRAIN_MS).unref();
  request.once('close', () => {
    clearTimeout(timer);
  });
}

async function* rawBody(request: Request): AsyncGenerator<Buffer> {
  try {
    // Without destroying: a request that is destroyed takes its answer with it.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      // A request without an encoding gives buffers.
      yield chunk as Buffer;
    }
  } catch (error) {
    throw new UploadIncomplete({ cause: error });
  }
  if (!request.complete) throw new UploadIncomplete();
}

function firstFile(request: Request, signal: AbortSignal): Promise<Upload> {
  return new Promise((resolve, reject) => {
    const parser = parserFor(request);
    const refuse = (cause?: unknown) => {
      reject(
        new UploadMalformed('The multipart form cannot be read or has no file. Send one part with a file name.', {
          cause,
        }),
      );
    };
    const leave = () => parser.destroy(new UploadIncomplete());
    signal.addEventListener('abort', leave, { once: true });
    parser.on('file', (_, file, { filename, mimeType }) => {
      // A form that is cut off can fail when nobody reads the file yet: without a listener that would end the process.
      // Whoever reads it is told all the same.
      file.on('error', () => undefined);
      resolve({ body: fileBody(file, signal), fileName: filename, contentType: mimeType });
    });
    parser.once('close', () => {
      signal.removeEventListener('abort', leave);
      refuse();
    });
    parser.on('error', refuse);
    request.pipe(parser);
  });
}

function parserFor(request: Request): busboy.Busboy {
  try {
    return busboy({ headers: request.headers, limits: { files: 1 } });
  } catch (cause) {
    throw new UploadMalformed('The Content-Type of the multipart form cannot be read.', { cause });
  }
}

async function* fileBody(file: Readable, signal: AbortSignal): AsyncGenerator<Buffer> {
  addAbortSignal(signal, file);
  try {
    for await (const chunk of file) {
      // A part without an encoding gives buffers.
      yield chunk as Buffer;
    }
  } catch (error) {
    throw new UploadIncomplete({ cause: error });
  }
}
