import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
export type AddressRange = readonly [Address, number];

/** Global unicast: whatever IANA has not given out yet is as suspect as what is private. */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');
/** Azure answers virtual machines there as others do at 169.254.169.254, on an address that looks public. */
const AZURE_METADATA = '168.63.129.16';

/** The address in one form; an IPv4 address that is mapped into IPv6 is the IPv4 address. Null if it is none. */
export function parseAddress(text: string): Address | null {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (!ipaddr.IPv4.isValidFourPartDecimal(bare) && !ipaddr.IPv6.isValid(bare)) return null;
  return ipaddr.process(bare);
}

/** `10.0.0.0/8` or `fd00::/8`; null if it is none. */
export function parseRange(text: string): AddressRange | null {
  if (!ipaddr.IPv4.isValidCIDRFourPartDecimal(text) && !ipaddr.IPv6.isValidCIDR(text)) return null;
  return ipaddr.parseCIDR(text);
}

export const rangeOf = (address: Address): AddressRange => [address, address.kind() === 'ipv4' ? 32 : 128];

export function isWithin(address: Address, [start, bits]: AddressRange): boolean {
  return address.kind() === start.kind() && address.match(start, bits);
}

/**
 * Whether anybody may be sent there: not private, loopback, link-local, shared (CGNAT), multicast, unspecified, reserved or for
 * documentation, by the registries of RFC 6890, and no IPv6 address that a gateway turns into an IPv4 one (NAT64, 6to4, Teredo).
 */
export function isPublic(address: Address): boolean {
  if (address.range() !== 'unicast' || address.toString() === AZURE_METADATA) return false;
  return address.kind() === 'ipv4' || address.match(GLOBAL_IPV6);
}
