import { ValidationFailed } from '../../common/errors.js';

/**
 * Seconds that a caller wants to wait: `Prefer: wait=N` (RFC 7240; a preference that cannot be read is ignored, as the
 * RFC asks) or the query parameter `wait`, which people can set in Swagger UI.
 */
export function waitOf(prefer: string | undefined, query: number | undefined): number {
  if (query !== undefined) return query;
  const wait = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:[,;]|$)/i.exec(prefer ?? '')?.[1];
  return wait === undefined ? 0 : Number(wait);
}

const MAX_KEY_LENGTH = 255;

/** The `Idempotency-Key` header, or null. Throws `ValidationFailed` if it is empty or too long. */
export function idempotencyKeyOf(header: string | undefined): string | null {
  if (header === undefined) return null;
  if (header.length === 0 || header.length > MAX_KEY_LENGTH) {
    throw ValidationFailed.at('/headers/idempotency-key', `must have 1 to ${String(MAX_KEY_LENGTH)} characters`);
  }
  return header;
}
