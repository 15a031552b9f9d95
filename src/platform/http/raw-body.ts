import express, { type RequestHandler } from 'express';
import type { IncomingMessage } from 'node:http';

const kept = new WeakMap<IncomingMessage, Buffer>();

/** Parses JSON, and keeps the bytes that it was read from. */
export function jsonWithBytes(limitBytes: number): RequestHandler {
  return express.json({
    limit: limitBytes,
    strict: false,
    verify: (request, _response, bytes) => {
      kept.set(request, bytes);
    },
  });
}

/** The bytes of the body as they were sent (unpacked); none for a route that does not keep them. */
export function rawBodyOf(request: IncomingMessage): Buffer {
  return kept.get(request) ?? Buffer.alloc(0);
}
