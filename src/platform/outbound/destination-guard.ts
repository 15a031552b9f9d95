import { isIP, type LookupFunction } from 'node:net';
import { isPublic, parseAddress } from './address-rules.js';
import { type AllowList, type Destination } from './allow-list.js';
import { type HostResolver } from './host-resolver.js';
import { OutboundRefused } from './outbound-errors.js';

const LOCAL_NAME = /(^|\.)localhost$/;

/** Decides to which addresses connections may go. */
export class DestinationGuard {
  constructor(
    private readonly allowed: AllowList,
    private readonly resolve: HostResolver,
  ) {}

  /**
   * Throws `OutboundRefused` if the host is an address that is not for us, or a name of this machine (RFC 6761). Every other name
   * is judged when it is looked up.
   */
  checkLiteral(destination: Destination): void {
    const literal = LOCAL_NAME.test(destination.host) ? '127.0.0.1' : destination.host;
    if (parseAddress(literal) !== null) this.check(destination, [literal]);
  }

  /**
   * Resolves names for the sockets of one destination. The socket connects to the very addresses that were checked here:
   * what the name resolves to a moment later does not matter.
   */
  lookupFor(destination: Destination): LookupFunction {
    return (host, options, callback) => {
      this.addressesOf(host, destination).then(
        (addresses) => {
          const found = addresses.map((address) => ({ address, family: isIP(address) }));
          const [first] = found;
          if (options.all === true) callback(null, found);
          else callback(null, first?.address ?? '', first?.family);
        },
        (error: unknown) => {
          callback(error instanceof Error ? error : new Error('The look-up failed', { cause: error }), '');
        },
      );
    };
  }

  private async addressesOf(host: string, destination: Destination): Promise<readonly string[]> {
    const addresses = await this.resolve(host);
    if (addresses.length === 0) throw Object.assign(new Error('No address'), { code: 'ENOTFOUND' });
    this.check(destination, addresses);
    return addresses;
  }

  /** One address that is not for us condemns the name: who mixes public and private ones is up to something. */
  private check(destination: Destination, addresses: readonly string[]): void {
    for (const text of addresses) {
      const address = parseAddress(text);
      if (address !== null && (isPublic(address) || this.allowed.permits(destination, address))) continue;
      throw new OutboundRefused(
        `${destination.host} is, or resolves to, a private or special address, where requests may not go. ` +
          'An operator can let it through with OUTBOUND_ALLOW.',
      );
    }
  }
}
