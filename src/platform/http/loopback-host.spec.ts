import { describe, expect, it } from 'vitest';
import { checkLoopbackHost, HostRefused } from './loopback-host.js';

const check = (host: string | undefined) => () => {
  checkLoopbackHost({ headers: { ...(host !== undefined && { host }) } });
};

describe('a page', () => {
  const from = (origin: string) => () => {
    checkLoopbackHost({ headers: { host: '127.0.0.1:3000', origin } });
  };

  it.each(['http://127.0.0.1:3000', 'http://localhost:5173', 'https://[::1]'])('of this machine is %s', (origin) => {
    expect(from(origin)).not.toThrow();
  });

  it.each(['https://example.org', 'http://localhost.example.org', 'http://localhost@example.org', 'null', ''])(
    'of another is %j',
    (origin) => {
      expect(from(origin)).toThrow(HostRefused);
    },
  );
});

describe('a host of this machine', () => {
  it.each(['localhost', 'localhost:3000', 'LOCALHOST:3000', '127.0.0.1:3000', '127.9.8.7', '[::1]:3000'])(
    'is %s',
    (host) => {
      expect(check(host)).not.toThrow();
    },
  );

  it.each([
    undefined,
    '',
    'example.org',
    'localhost.example.org',
    '127.0.0.1.example.org',
    'evil-localhost',
    '0.0.0.0',
    '10.0.0.1:3000',
  ])('is not %s', (host) => {
    expect(check(host)).toThrow(HostRefused);
  });
});
