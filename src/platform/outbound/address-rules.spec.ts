import { describe, expect, it } from 'vitest';
import { isPublic, parseAddress } from './address-rules.js';

const judged = (text: string): boolean | undefined => {
  const address = parseAddress(text);
  return address === null ? undefined : isPublic(address);
};

describe('isPublic', () => {
  it.each(['8.8.8.8', '1.1.1.1', '93.184.215.14', '2606:4700::1111', '[2a00:1450:4001::1]', '::ffff:8.8.8.8'])(
    'lets %s through',
    (text) => {
      expect(judged(text)).toBe(true);
    },
  );

  it.each([
    ...['0.0.0.0', '0.1.2.3', '10.0.0.1', '100.64.0.1', '100.100.100.200', '127.0.0.1', '127.255.255.254'],
    ...['169.254.169.254', '169.254.170.2', '172.16.0.1', '172.31.255.255', '192.0.0.192', '192.0.2.1', '192.168.1.1'],
    ...['198.18.0.1', '198.51.100.1', '203.0.113.1', '224.0.0.1', '240.0.0.1', '255.255.255.255', '168.63.129.16'],
    ...['::', '::1', '[::1]', '::7f00:1', '::127.0.0.1', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'fc00::1'],
    ...['fd00:ec2::254', 'ff02::1', '::ffff:127.0.0.1', '::ffff:a9fe:a9fe', '::ffff:10.0.0.1', '::ffff:0:7f00:1'],
    ...['64:ff9b::7f00:1', '64:ff9b::8.8.8.8', '64:ff9b:1::1', '2002:7f00:1::', '2002:808:808::1', '2001::1'],
    ...['2001:db8::1', '100::1', '4000::1', '5f00::1'],
  ])('stops %s', (text) => {
    expect(judged(text)).toBe(false);
  });

  it.each(['example.com', '', '1.2.3', '2130706433', '0x7f.1', '127.0.0.1.', 'localhost'])(
    'knows %j for no address',
    (text) => {
      expect(judged(text)).toBeUndefined();
    },
  );
});
