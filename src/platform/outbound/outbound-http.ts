/** One GET to a server that is not ours. */
export interface OutboundRequest {
  /** User and password in it are sent as Basic authorization, unless the headers have one. */
  url: string;
  /** A redirect to another origin takes none of them but `Accept` and `User-Agent`. */
  headers: Readonly<Record<string, string>>;
  /** Closes the connection; `get` rejects with its reason. */
  signal: AbortSignal;
  /** Milliseconds, for the whole of it: connecting, redirects, the body. */
  timeoutMs: number;
  /** Largest body in bytes, unpacked. */
  maxBytes: number;
  /** Memory of at least so many bytes for a body of known length; without it each body has its own. */
  memoryFor?: (bytes: number) => Buffer;
}

/**
 * Header names in lower case; several values of one name are joined by a comma. `url` is where redirects led, without user and
 * password. `body` is whole and unpacked.
 */
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
