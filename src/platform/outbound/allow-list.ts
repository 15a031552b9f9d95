import { EnvironmentInvalid } from '../../config/environment.js';
import { type AddressRange, isWithin, parseAddress, parseRange, rangeOf } from './address-rules.js';

/** Where a connection would go. `host` as `new URL()` writes it, without a trailing dot; `port` is never empty. */
export interface Destination {
  readonly host: string;
  readonly port: string;
}

interface Entry {
  readonly host?: string;
  readonly range?: AddressRange;
  readonly port?: string;
}

/** `OUTBOUND_ALLOW`: what may be reached although it is private. */
export class AllowList {
  private readonly entries: readonly Entry[];

  /** Throws `EnvironmentInvalid` for an entry that is neither a host, an address nor a range: one that never fits hides a mistake. */
  constructor(texts: readonly string[]) {
    this.entries = texts.map((text, index) => {
      const entry = parseEntry(text);
      if (entry === null) {
        const place = `OUTBOUND_ALLOW: entry ${index + 1}`;
        throw new EnvironmentInvalid([`${place} must be a host, host:port, an address or a CIDR range`]);
      }
      return entry;
    });
  }

  /** `address` is what the host of the destination is or resolves to. */
  permits({ host, port }: Destination, address: NonNullable<ReturnType<typeof parseAddress>>): boolean {
    return this.entries.some((entry) => {
      if (entry.port !== undefined && entry.port !== port) return false;
      return entry.range === undefined ? entry.host === host : isWithin(address, entry.range);
    });
  }
}

export function destinationOf(url: URL): Destination {
  const standard = url.protocol === 'https:' ? '443' : '80';
  return { host: url.hostname.replace(/\.$/, ''), port: url.port === '' ? standard : url.port };
}

function parseEntry(text: string): Entry | null {
  const range = parseRange(text);
  if (range !== null) return { range };
  const bare = parseAddress(text);
  if (bare !== null) return { range: rangeOf(bare) };
  const [, name, port] = /^([^\s/?#@:*]+|\[[^\]]+\])(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (name === undefined || !URL.canParse(`http://${name}`)) return null;
  const { host } = destinationOf(new URL(`http://${name}`));
  const address = parseAddress(host);
  return {
    ...(address === null ? { host } : { range: rangeOf(address) }),
    ...(port !== undefined && { port: String(Number(port)) }),
  };
}
