import type { OpenAPIObject } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { expect, it } from 'vitest';
import { MethodNotAllowed, onlyDocumentedMethods } from './allowed-methods.js';

const document = {
  paths: {
    '/things': { get: {}, post: {} },
    '/things/{id}': { get: {}, delete: {} },
    '/things/all': { put: {} },
  },
} as unknown as OpenAPIObject;

/** What the header `Allow` says; null if the request is let through. */
function refusal(method: string, path: string): string | null {
  let allow: string | null = null;
  const response = { setHeader: (_: string, value: string) => (allow = value) } as unknown as Response;
  try {
    onlyDocumentedMethods(document)({ method, path } as Request, response, () => undefined);
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(MethodNotAllowed);
    return allow;
  }
}

it.each([
  ['POST', '/things', null],
  ['HEAD', '/things', null],
  ['DELETE', '/things', 'GET, POST, HEAD'],
  ['TRACE', '/things/1', 'GET, DELETE, HEAD'],
  ['OPTIONS', '/things/1', 'GET, DELETE, HEAD'],
  ['PUT', '/things/all', null],
  ['POST', '/things/all', 'GET, DELETE, PUT, HEAD'],
  ['PATCH', '/things/1/more', null],
  ['PATCH', '/other', null],
])('answers %s %s with the methods that are there: %j', (method, path, expected) => {
  expect(refusal(method, path)).toBe(expected);
});
