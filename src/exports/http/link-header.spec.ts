import { describe, expect, it } from 'vitest';
import { nextLink } from './link-header.js';

describe('nextLink', () => {
  it.each([
    ['<b>; rel=next', 'b'],
    ['<a?x=,;>; rel=prev, <b>;title="a, b; c";rel="next"', 'b'],
    ['<b>; REL="last NEXT"', 'b'],
    ['<b>; rel=next; rel=prev;', 'b'],
    ['<b>; title="\\"; rel=next"; rel=next', 'b'],
  ])('takes %s', (header, target) => {
    expect(nextLink(header)).toBe(target);
  });

  it.each(['', 'garbage', '<b>', '<b>; rel', '<b>; title="; rel=next"; rel=prev', '<b>; rel=prev; rel=next'])(
    'finds none in %s',
    (header) => {
      expect(nextLink(header)).toBeNull();
    },
  );

  it.each(['<', '<b>;a="', '<b>;a', ' ;', '<b>; rel="'])('is not kept busy by many %s', (part) => {
    const header = part.repeat(64_000 / part.length);
    const start = performance.now();
    expect(nextLink(header)).toBeNull();
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
