import { describe, expect, it } from 'vitest';
import { allowsUrl, isHostRule } from './host-rule.js';

describe('a rule for hosts', () => {
  it.each(['api.example.com', 'api.example.com:8443', '*.example.org', '*.internal:80', '127.0.0.1:3002', '[::1]:80'])(
    'can be %s',
    (text) => {
      expect(isHostRule(text)).toBe(true);
    },
  );

  it.each([
    '',
    '*',
    '*.',
    '*:443',
    'api.*.com',
    'https://api.example.com',
    'api.example.com/x',
    'me@host',
    'a b',
    'h:',
  ])('cannot be %j', (text) => {
    expect(isHostRule(text)).toBe(false);
  });

  it.each([
    ['api.example.com', 'https://api.example.com/orders'],
    ['API.example.com', 'https://api.EXAMPLE.com.:443/'],
    ['żółw.example', 'https://xn--w-uga1v8h.example/'],
    ['api.example.com:8443', 'https://api.example.com:8443/'],
    ['api.example.com:80', 'http://api.example.com/'],
    ['127.0.0.1:3002', 'http://2130706433:3002/'],
    ['[::1]:80', 'http://[0:0:0:0:0:0:0:1]/'],
    ['*.example.org', 'https://a.b.example.org/'],
    ['*.example.org:8080', 'http://a.example.org:8080/'],
  ])('%s lets %s through', (rule, url) => {
    expect(allowsUrl(['other.example', rule], new URL(url))).toBe(true);
  });

  it.each([
    ['api.example.com', 'http://api.example.com/'],
    ['api.example.com', 'http://api.example.com:443/'],
    ['api.example.com', 'https://api.example.com:8443/'],
    ['api.example.com', 'https://api.example.com.evil.test/'],
    ['api.example.com', 'https://evil.test/api.example.com'],
    ['api.example.com', 'https://api.example.com@evil.test/'],
    ['api.example.com', 'https://x.api.example.com/'],
    ['api.example.com:8443', 'https://api.example.com/'],
    ['*.example.org', 'https://example.org/'],
    ['*.example.org', 'https://evilexample.org/'],
    ['*.example.org', 'https://example.org.evil.test/'],
    ['*.example.org', 'http://a.example.org/'],
    ['127.0.0.1:3002', 'http://127.0.0.1:3003/'],
  ])('%s does not let %s through', (rule, url) => {
    expect(allowsUrl([rule], new URL(url))).toBe(false);
  });
});
