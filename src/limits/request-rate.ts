import { Injectable } from '@nestjs/common';
import type { Authenticator } from '../platform/http/access.js';
import { TooManyRequests } from './limit-errors.js';
import { Limits } from './limits.js';
import { RateCounter, WINDOW_SECONDS, type Count } from './rate-counter.js';

/** The one policy that there is, as the headers name it. */
const POLICY = 'default';

/** Where an owner stands after a request. */
export interface RequestRate extends Count {
  limit: number;
}

/** How many requests an owner sends. */
@Injectable()
export class RequestRates {
  constructor(
    private readonly limits: Limits,
    private readonly counter: RateCounter,
  ) {}

  /** Counts a request. */
  async add(owner: string): Promise<RequestRate> {
    const { requestsPerMinute: limit } = await this.limits.of(owner);
    return { limit, ...(await this.counter.add(keyOf(owner))) };
  }

  /** Counts nothing. */
  async show(owner: string): Promise<Count> {
    return await this.counter.get(keyOf(owner));
  }
}

/** For what no guard sees, as the upgrade to a WebSocket: who is found out has sent a request. Also throws `TooManyRequests`. */
export const countedBy = (rates: RequestRates, authenticator: Authenticator): Authenticator => ({
  authenticate: async (request) => {
    const caller = await authenticator.authenticate(request);
    requireRate(await rates.add(caller.owner));
    return caller;
  },
});

const keyOf = (owner: string): string => `requests:${owner}`;

/** As draft-ietf-httpapi-ratelimit-headers has them since its 9th revision: structured fields, one item per policy. */
export const rateHeaders = ({ limit, used, resetSeconds }: RequestRate): Readonly<Record<string, string>> => ({
  'RateLimit-Policy': `"${POLICY}";q=${String(limit)};w=${String(WINDOW_SECONDS)}`,
  RateLimit: `"${POLICY}";r=${String(Math.max(0, limit - used))};t=${String(resetSeconds)}`,
});

/** Throws `TooManyRequests` when the request was one too many. */
export function requireRate({ limit, used, resetSeconds }: RequestRate): void {
  if (used <= limit) return;
  throw new TooManyRequests(
    `More than ${String(limit)} requests in ${String(WINDOW_SECONDS)} s. Wait ${String(resetSeconds)} s; ` +
      'ask less often, or follow runs by their events instead of polling.',
    { retryAfter: resetSeconds },
  );
}
