import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ValidationFailed } from '../../common/errors.js';
import { parseBody } from './schema-issues.js';

const schema = z.strictObject({
  source: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('a'), n: z.int() }),
    z.strictObject({ type: z.literal('b'), url: z.url() }),
  ]),
  filter: z.record(
    z.string().regex(/^[a-z/~]+$/),
    z.union([
      z.strictObject({ $gt: z.number().optional(), $lt: z.number().optional() }),
      z.strictObject({ include: z.array(z.string()).optional() }),
    ]),
  ),
  column: z.union([z.int().min(0), z.string().min(1)]),
});
const good = { source: { type: 'a', n: 1 }, filter: {}, column: 0 };

function problems(body: unknown): Record<string, string> {
  try {
    parseBody(schema, body);
  } catch (error) {
    if (!(error instanceof ValidationFailed)) throw error;
    return Object.fromEntries(error.places.map(({ pointer = '', detail }) => [pointer, detail]));
  }
  return {};
}

describe('the places of what a schema refuses', () => {
  it.each([
    ['nothing', good, {}],
    ['no object', 5, { '': 'must be object' }],
    ['what is missing', { filter: {}, column: 0 }, { '/source': 'is required' }],
    ['an unknown type', { ...good, source: { type: 'x' } }, { '/source/type': 'must be one of: a, b' }],
    ['no type', { ...good, source: {} }, { '/source/type': 'must be one of: a, b' }],
    [
      'several fields of the alternative that the type names',
      { ...good, source: { type: 'a', n: '1', url: 1, zz: 1 } },
      { '/source/n': 'must be number', '/source/url': 'is not a field here', '/source/zz': 'is not a field here' },
    ],
    [
      'a field that no alternative has',
      { ...good, filter: { f: { only: 1 } } },
      { '/filter/f/only': 'is not a field here' },
    ],
    ['a value of no alternative', { ...good, filter: { f: 3 } }, { '/filter/f': 'must be object' }],
    ['a value of neither type', { ...good, column: null }, { '/column': 'must be number, or must be string' }],
    ['a name that is not allowed', { ...good, filter: { X: {} } }, { '/filter/X': expect.stringContaining('no name') }],
    ['a name with a slash', { ...good, filter: { 'a/~': 1 } }, { '/filter/a~1~0': 'must be object' }],
  ])('name %s', (_, body, expected) => {
    expect(problems(body)).toEqual(expected);
  });

  it('name the alternative that is missed by least', () => {
    expect(problems({ ...good, filter: { f: { only: 1, include: ['a'] } } })).toEqual({
      '/filter/f/only': 'is not a field here',
    });
    expect(problems({ ...good, column: [] })).toEqual({ '/column': 'must be number, or must be string' });
  });
});
