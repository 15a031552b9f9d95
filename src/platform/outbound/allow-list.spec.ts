import { describe, expect, it } from 'vitest';
import { EnvironmentInvalid } from '../../config/environment.js';
import { parseAddress } from './address-rules.js';
import { AllowList, destinationOf } from './allow-list.js';

function permits(entry: string, url: string, address: string): boolean {
  return new AllowList([entry]).permits(destinationOf(new URL(url)), parseAddress(address)!);
}

describe('AllowList', () => {
  it.each([
    ['orders.internal', 'http://orders.internal/', '10.0.0.1'],
    ['Orders.Internal', 'https://ORDERS.internal.:8443/', '10.0.0.1'],
    ['orders.internal:8080', 'http://orders.internal:8080/', '10.0.0.1'],
    ['orders.internal:443', 'https://orders.internal/', '10.0.0.1'],
    ['bücher.internal', 'http://xn--bcher-kva.internal/', '10.0.0.1'],
    ['10.0.0.1', 'http://orders.internal/', '10.0.0.1'],
    ['10.0.0.1', 'http://10.0.0.1:99/', '10.0.0.1'],
    ['10.0.0.1:8080', 'http://orders.internal:8080/', '10.0.0.1'],
    ['10.0.0.0/8', 'http://orders.internal/', '10.9.8.7'],
    ['10.0.0.0/8', 'http://orders.internal/', '::ffff:10.9.8.7'],
    ['fd00::/8', 'http://orders.internal/', 'fd12::1'],
    ['[fd12::1]:8080', 'http://[fd12::1]:8080/', 'fd12::1'],
    ['fd12::1', 'http://orders.internal/', 'fd12::1'],
    ['[::1]', 'http://[::1]/', '::1'],
  ])('%s lets %s at %s through', (entry, url, address) => {
    expect(permits(entry, url, address)).toBe(true);
  });

  it.each([
    ['orders.internal', 'http://other.internal/', '10.0.0.1'],
    ['orders.internal', 'http://a.orders.internal/', '10.0.0.1'],
    ['orders.internal:8080', 'http://orders.internal/', '10.0.0.1'],
    ['orders.internal:80', 'https://orders.internal/', '10.0.0.1'],
    ['10.0.0.1', 'http://orders.internal/', '10.0.0.2'],
    ['10.0.0.1:8080', 'http://orders.internal/', '10.0.0.1'],
    ['10.0.0.0/16', 'http://orders.internal/', '10.1.0.1'],
    ['10.0.0.0/8', 'http://orders.internal/', 'fd00::1'],
  ])('%s does not let %s at %s through', (entry, url, address) => {
    expect(permits(entry, url, address)).toBe(false);
  });

  it.each([
    'http://orders.internal',
    'a b',
    '10.0.0.0/99',
    'me@host',
    'host:port',
    'host/path',
    ':80',
    '*.internal',
    '',
  ])('refuses the entry %j', (entry) => {
    expect(() => new AllowList(['localhost', entry])).toThrow(EnvironmentInvalid);
    expect(() => new AllowList(['localhost', entry])).toThrow('OUTBOUND_ALLOW: entry 2');
  });
});
