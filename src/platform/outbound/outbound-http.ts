/** One GET to a server that is not ours. */
export interface OutboundRequest {
  url: string;
  headers: Readonly<Record<string, string>>;
  signal: AbortSignal;
  /** For the whole of it: connecting, redirects, the body. */
  timeoutMs: number;
  /** Largest body, unpacked. */
  maxBytes: number;
}

/** Header names in lower case; several values of one name are joined by a comma. `url` is where redirects led. */
export interface OutboundResponse {
  status: number;
  headers: Readonly<Record<string, string>>;
  url: string;
  body: Buffer;
}

/**
 * Requests to addresses that clients name. Private, loopback, link-local and metadata addresses are refused, also after a
 * redirect and whatever a name resolves to, unless `OUTBOUND_ALLOW` names them. Any status is an answer; no answer is an
 * `OutboundFailed` (retryable), a refused address an `OutboundRefused`, an answer over `maxBytes` an `OutboundTooLarge`.
 */
export abstract class OutboundHttp {
  abstract get(request: OutboundRequest): Promise<OutboundResponse>;
}
