import { describe, expect, it } from 'vitest';
import { PlainWords } from './plain-words.js';

const words = new PlainWords(['Bearer abcdef'], new Set(['page']));

describe('PlainWords', () => {
  it('shows an address without user, secrets, and values that are not ours', () => {
    expect(words.url('https://u:p@example.com/abcdef/x?page=2&token=t#f')).toBe(
      'https://example.com/***/x?page=2&token=***',
    );
  });

  it.each([
    ['file:///etc/passwd', 'an address that starts with file:'],
    ['javascript:alert(1)', 'an address that starts with javascript:'],
    ['http://[', 'an address that is none'],
  ])('says what is wrong with %s', (text, shown) => {
    expect(words.url(text)).toBe(shown);
  });
});
