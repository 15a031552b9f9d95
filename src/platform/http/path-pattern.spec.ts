import { describe, expect, it } from 'vitest';
import { matchPath } from './path-pattern.js';

describe('matchPath', () => {
  it.each([
    ['/a/:id/ws', '/a/7/ws', { id: '7' }],
    ['/a/:id/ws', '/a/x%20y/ws', { id: 'x y' }],
    ['/a/:id/:part', '/a/7/b', { id: '7', part: 'b' }],
    ['/a', '/a', {}],
    ['/a/:id/ws', '/a//ws', null],
    ['/a/:id/ws', '/a/7/8/ws', null],
    ['/a/:id/ws', '/a/7/ws/', null],
    ['/a/:id/ws', '/b/7/ws', null],
    ['/a/:id/ws', '/a/%zz/ws', null],
  ])('%s of %s', (pattern, path, parameters) => {
    expect(matchPath(pattern, path)).toEqual(parameters);
  });
});
