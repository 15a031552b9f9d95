/** One request to a server that is not ours. */
interface RequestToServer {
  /** User and password in it are sent as Basic authorization, unless the headers have one. */
  url: string;
  /** A redirect to another origin takes none of them but `Accept` and `User-Agent`. */
  headers: Readonly<Record<string, string>>;
  /** Closes the connection; the work rejects with its reason. */
  signal: AbortSignal;
  /** Milliseconds, for the whole of it: connecting, redirects, the body. */
  timeoutMs: number;
}

export interface OutboundRequest extends RequestToServer {
  /** Largest body in bytes, unpacked. */
  maxBytes: number;
  /** Memory of at least so many bytes for a body of known length; without it each body has its own. */
  memoryFor?: (bytes: number) => Buffer;
}

export interface OutboundMessage extends RequestToServer {
  /** Sent as it is; `Content-Type` is the caller's. */
  body: Buffer;
  /** How much of the answer's body is read, and dropped. Beyond it the connection is closed; the answer stands. */
  maxBytes: number;
}

/** Header names in lower case; several values of one name are joined by a comma. */
export interface OutboundAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
}

/** `url` is where redirects led, without user and password. `body` is whole and unpacked. */
export interface OutboundResponse extends OutboundAnswer {
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
  /** Sends a message once. A redirect is not followed but answered as it is. */
  abstract post(message: OutboundMessage): Promise<OutboundAnswer>;
}
