/** Requests per second under one name, shared by all processes. */
export abstract class RateLimiter {
  /**
   * Resolves when it is the caller's turn: turns of one key are at least `1 / perSecond` seconds apart, also after a pause. Rejects
   * with the signal's reason when it aborts, and with `ServiceUnavailable` (retryable) when turns cannot be given for 30 s.
   */
  abstract take(key: string, perSecond: number, signal: AbortSignal): Promise<void>;
}
