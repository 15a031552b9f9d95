/** Requests per second under one name, shared by all processes. */
export abstract class RateLimiter {
  /** Resolves when it is the caller's turn: turns of one key are at least `1 / perSecond` apart. Rejects when the signal aborts. */
  abstract take(key: string, perSecond: number, signal: AbortSignal): Promise<void>;
}
