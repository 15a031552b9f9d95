import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { clientAddress } from './client-address.js';

function request(forwarded?: string): IncomingMessage {
  const message = new IncomingMessage(Object.defineProperty(new Socket(), 'remoteAddress', { value: '10.0.0.9' }));
  if (forwarded !== undefined) message.headers['x-forwarded-for'] = forwarded;
  return message;
}

describe('the address of a client', () => {
  it.each([
    [0, '203.0.113.7', '10.0.0.9'],
    [1, undefined, '10.0.0.9'],
    [1, '203.0.113.7', '203.0.113.7'],
    [1, '198.51.100.1, 203.0.113.7', '203.0.113.7'],
    [2, '6.6.6.6, 198.51.100.1,203.0.113.7', '198.51.100.1'],
    [2, '203.0.113.7', '203.0.113.7'],
    [2, 'unknown, 203.0.113.7', '203.0.113.7'],
    [1, '203.0.113.7, nonsense', '10.0.0.9'],
    [1, '2001:db8::1', '2001:db8::1'],
  ])('behind %i proxies that told %s is %s', (proxies, forwarded, expected) => {
    expect(clientAddress(request(forwarded), proxies)).toBe(expected);
  });
});
