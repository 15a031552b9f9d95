import { AppError } from '../../src/common/errors.js';
import { type HostResolver } from '../../src/platform/outbound/host-resolver.js';
import { type OutboundRequest } from '../../src/platform/outbound/outbound-http.js';
import { UndiciHttp } from '../../src/platform/outbound/undici-http.js';

interface Options {
  allow?: string[];
  resolve?: HostResolver;
}

export function outboundHttp({ allow = [], resolve }: Options = {}): UndiciHttp {
  return new UndiciHttp({ version: '1.2.3', outbound: { allow } }, resolve);
}

export function requestOf(url: string, overrides: Partial<OutboundRequest> = {}): OutboundRequest {
  return {
    url,
    headers: {},
    signal: new AbortController().signal,
    timeoutMs: 30_000,
    maxBytes: 10_000_000,
    ...overrides,
  };
}

/** The error that the work ends in; itself an error if there is none. */
export async function failureOf(work: Promise<unknown>): Promise<AppError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof AppError) return error;
  throw new Error('It did not end in an error of ours', { cause: error });
}
