import { describe, expect, it } from 'vitest';
import { digestOfKey, isSameDigest, newApiKey, OTHER_PREFIX, prefixOfKey } from './api-key.js';

describe('an API key', () => {
  it('has a prefix and 256 random bits', () => {
    const keys = Array.from({ length: 100 }, newApiKey);
    for (const key of keys) {
      expect(key).toMatch(/^lh_[\dA-Za-z]{8}_[\w-]{43}$/);
      expect(Buffer.from(key.slice(12), 'base64url')).toHaveLength(32);
    }
    expect(new Set(keys).size).toBe(keys.length);
    expect(new Set(keys.map(prefixOfKey)).size).toBe(keys.length);
  });

  it('is found by its prefix, and one of another form among the others', () => {
    const secret = 'x'.repeat(43);
    expect(prefixOfKey(`lh_abcDEF12_${secret}`)).toBe('lh_abcDEF12');
    const others = [
      'a-key-of-the-operator',
      `lh_abc_${secret}`,
      `lh_abcDEF12_${secret}x`,
      `lh_abcDEF12_${'x'.repeat(42)}`,
    ];
    for (const key of [...others, `lh_abcDEF12_${secret}\n`, '']) expect(prefixOfKey(key)).toBe(OTHER_PREFIX);
  });

  it('is compared as a whole', () => {
    const key = newApiKey();
    const digest = digestOfKey(key);
    expect(digest).toHaveLength(32);
    expect(isSameDigest(digest, digestOfKey(key))).toBe(true);
    for (const other of [newApiKey(), `${key}x`, key.slice(0, -1), '']) {
      expect(isSameDigest(digest, digestOfKey(other))).toBe(false);
    }
    expect(isSameDigest(digest, digest.subarray(1))).toBe(false);
  });
});
