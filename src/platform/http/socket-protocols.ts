import type { IncomingHttpHeaders } from 'node:http';

/** The subprotocol that events are told in. */
export const EVENTS_PROTOCOL = 'longhaul.events';

/** Pages cannot set headers of a WebSocket: they offer this and the key, as base64url, as one more subprotocol. */
const KEY_PROTOCOL = 'base64url.bearer.authorization.longhaul.';

/** The API key or token among the subprotocols that a WebSocket offers. */
export function keyOfProtocols(headers: IncomingHttpHeaders): string | undefined {
  const offered = headers['sec-websocket-protocol']?.split(',').map((protocol) => protocol.trim()) ?? [];
  const encoded = offered.find((protocol) => protocol.startsWith(KEY_PROTOCOL))?.slice(KEY_PROTOCOL.length);
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64url').toString();
}

/** What is answered to the subprotocols on offer: never the one that is a credential. */
export function chosenProtocol(offered: ReadonlySet<string>): string | false {
  if (offered.has(EVENTS_PROTOCOL)) return EVENTS_PROTOCOL;
  return [...offered].find((protocol) => !protocol.startsWith(KEY_PROTOCOL)) ?? false;
}
