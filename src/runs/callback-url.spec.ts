import { describe, expect, it } from 'vitest';
import { callbackUrlProblem } from './callback-url.js';

describe('a callback URL', () => {
  it.each(['https://example.com/hook?run=1', 'http://127.0.0.1:8080/', `https://example.com/${'a'.repeat(1980)}`])(
    'takes %s',
    (url) => {
      expect(callbackUrlProblem(url)).toBeNull();
    },
  );

  it.each([
    ['ftp://example.com/', 'https://'],
    ['/relative', 'https://'],
    ['javascript:alert(1)', 'https://'],
    ['', 'https://'],
    ['https://ann@example.com/', 'user name'],
    ['https://:secret@example.com/', 'user name'],
    [`https://example.com/${'a'.repeat(1981)}`, '2000'],
  ])('refuses %s', (url, why) => {
    expect(callbackUrlProblem(url)).toContain(why);
  });
});
