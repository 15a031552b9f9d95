import { describe, expect, it } from 'vitest';
import { ValidationFailed } from '../../common/errors.js';
import type { ParameterSpec } from './parameter-spec.js';
import { validateParameters } from './parameter-validation.js';

const definition = {
  name: 'sample',
  parameters: {
    released: { 'x-type': 'range', of: 'date' },
    seen: { 'x-type': 'range', of: 'date-time' },
    votes: { 'x-type': 'range', of: 'integer' },
    rating: { 'x-type': 'range', of: 'number' },
    name: { 'x-type': 'range', of: 'string' },
    ids: { 'x-type': 'set', of: 'integer' },
    days: { 'x-type': 'set', of: 'date' },
    directors: { 'x-type': 'set', of: 'string' },
    mode: { type: 'string', enum: ['in_hours', 'all'], default: 'in_hours' },
    limit: { type: 'integer', minimum: 1, maximum: 1000, default: 10 },
    target: { type: 'integer' },
    now: { type: 'string', format: 'date-time' },
    list: { type: 'array', items: { type: 'integer', minimum: 1 } },
  } satisfies Record<string, ParameterSpec>,
};
const defaults = { mode: 'in_hours', limit: 10 };

const accept = (body: unknown) => validateParameters(definition, body);
function refuse(body: unknown): Record<string, string> {
  try {
    accept(body);
  } catch (error) {
    if (!(error instanceof ValidationFailed)) throw error;
    return Object.fromEntries(error.places.map(({ pointer = '', detail }) => [pointer, detail]));
  }
  throw new Error('The parameters were accepted.');
}

describe(validateParameters, () => {
  it('fills defaults and leaves the request as it was', () => {
    const body = {};
    expect(accept(body)).toEqual(defaults);
    expect(body).toEqual({});
  });

  it('takes range keys with and without $', () => {
    expect(accept({ votes: { gt: 1, $lte: 5 } })).toEqual({ ...defaults, votes: { $gt: 1, $lte: 5 } });
    expect(refuse({ votes: { gt: 1, $gt: 2 } })).toEqual({ '/votes/gt': 'is given as $gt too' });
  });

  it.each(['1990', '1990-05', '1990-05-17', '1990-05-17T10:00:00+02:00'])('takes %s as a bound of dates', (text) => {
    expect(accept({ released: { $gt: text } })).toEqual({ ...defaults, released: { $gt: text } });
  });

  it('names each bad field once, by its pointer', () => {
    expect(
      refuse({
        released: { $gt: '2021-02-30', $lt: 7 },
        rating: { $gte: '8' },
        votes: { $gt: 9, $lt: 1 },
        directors: { include: ['Ann', 4] },
        ids: [1],
        mode: 'sometimes',
        limit: 0,
        list: [3, 0],
        now: '1990',
        days: { include: ['1990'] },
      }),
    ).toEqual({
      '/released/$gt': expect.stringContaining('that exists'),
      '/released/$lt': 'must be string',
      '/rating/$gte': 'must be number',
      '/votes': 'no value can match: it must be $gt 9 and $lt 1',
      '/directors/include/1': 'must be string',
      '/ids': 'must be object',
      '/mode': 'must be one of "in_hours", "all"',
      '/limit': 'must be >= 1',
      '/list/1': 'must be >= 1',
      '/now': expect.stringContaining('RFC 3339'),
      '/days/include/0': expect.stringContaining('YYYY-MM-DD'),
    });
  });

  it('names unknown fields and the known one that is near', () => {
    const places = refuse({ director: {}, colour: 1, votes: { $gte: 1, $le: 2 }, __proto__x: 1, 'a/b~c': 1 });
    expect(places['/director']).toBe('is no parameter of sample; did you mean directors?');
    expect(places['/colour']).toContain('known are: released, seen');
    expect(places['/votes/$le']).toContain('did you mean $');
    expect(Object.keys(places)).toContain('/a~1b~0c');
    expect(Object.keys(refuse(JSON.parse('{"__proto__": {"limit": 3}}')))).toEqual(['/__proto__']);
    expect(Object.keys(refuse(JSON.parse('{"votes": {"__proto__": 3, "$gt": 1}}')))).toEqual(['/votes/__proto__']);
  });

  it('refuses what is not an object, and an empty range', () => {
    expect(refuse(null)).toEqual({ '': 'must be object' });
    expect(refuse([])).toEqual({ '': 'must be object' });
    expect(refuse({ votes: {} })).toEqual({ '/votes': 'must have at least one of $gt, $gte, $lt, $lte' });
  });

  it.each([
    ['a lower bound above the upper', { released: { $gt: '2021', $lt: '1990' } }],
    ['equal bounds, one of them excluded', { released: { $gte: '1990', $lt: '1990-01-01T00:00:00Z' } }],
    ['no integer between', { votes: { $gt: 4, $lt: 5 } }],
    ['both lower bounds', { rating: { $gt: 4, $gte: 5 } }],
    ['both upper bounds', { rating: { $lt: 4, $lte: 5 } }],
    ['texts out of order', { name: { $gt: 'b', $lt: 'a' } }],
    ['instants out of order', { seen: { $gt: '2020-01-01T01:00:00+02:00', $lt: '2019-12-31T23:00:00Z' } }],
    ['digits out of order', { votes: { $gt: '9007199254740993', $lte: '9007199254740993' } }],
  ])('refuses a range that cannot match: %s', (_, body) => {
    expect(Object.keys(refuse(body))).toEqual([`/${Object.keys(body)[0]!}`]);
  });

  it('takes ranges of one value and of a gap of numbers', () => {
    accept({ votes: { $gte: 4, $lte: 4 } });
    accept({ rating: { $gt: 4, $lt: 5 } });
    accept({ name: { $gt: 'a', $lt: 'b' } });
  });

  it('takes integers beyond 2^53 as digits only, and up to 64 bits', () => {
    expect(accept({ ids: { include: ['8419537941919820732', 5] } })['ids']).toEqual({
      include: ['8419537941919820732', 5],
    });
    expect(refuse({ ids: { include: [JSON.parse('9007199254740993')] } })).toEqual({
      '/ids/include/0': expect.stringContaining('2^53'),
    });
    expect(refuse({ ids: { include: ['9223372036854775808'] } })).toEqual({
      '/ids/include/0': expect.stringContaining('64-bit'),
    });
    expect(refuse({ ids: { include: ['1.5'] } })).toEqual({ '/ids/include/0': expect.stringContaining('integer') });
    expect(refuse({ target: 2 ** 53 })).toEqual({ '/target': expect.stringContaining('2^53') });
    expect(refuse({ target: 1.5 })).toEqual({ '/target': 'must be integer' });
  });

  it.each([Number.NaN, Infinity, JSON.parse('1e400')])('refuses %s as a number', (value) => {
    expect(Object.keys(refuse({ rating: { $gt: value } }))).toEqual(['/rating/$gt']);
  });

  it('asks for what is required', () => {
    const strict = { name: 'strict', parameters: { target: { type: 'integer', required: true } as const } };
    expect(() => validateParameters(strict, {})).toThrow(
      expect.objectContaining({ places: [{ pointer: '/target', detail: 'is required' }] }),
    );
  });

  it('tells definitions of one name apart', () => {
    const other = { name: 'sample', parameters: { limit: { type: 'integer', maximum: 5 } as const } };
    expect(() => validateParameters(other, { limit: 6 })).toThrow(ValidationFailed);
    expect(accept({ limit: 6 })).toMatchObject({ limit: 6 });
  });
});
