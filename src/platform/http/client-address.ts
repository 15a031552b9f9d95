import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/**
 * The address that a request came from: the peer's or, behind proxies, the one that the outermost trusted proxy saw. Each proxy
 * appends to `X-Forwarded-For` whom it speaks for; what stands before the entries of the trusted ones anybody may have written.
 */
export function clientAddress({ headers, socket }: IncomingMessage, trustedProxies: number): string | null {
  const peer = socket.remoteAddress ?? null;
  if (trustedProxies === 0) return peer;
  const header = headers['x-forwarded-for'] ?? '';
  const told = (typeof header === 'string' ? header : header.join(',')).split(',').map((entry) => entry.trim());
  const trusted = told.slice(-trustedProxies).reverse();
  // One that is no address, as `unknown`, ends what is known.
  const end = trusted.findIndex((entry) => isIP(entry) === 0);
  return (end === -1 ? trusted : trusted.slice(0, end)).at(-1) ?? peer;
}
