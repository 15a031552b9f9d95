import { describe, expect, it } from 'vitest';
import { parseDefinitionBody } from './definition-body.js';
import { DefinitionInvalid } from './definition-errors.js';

const body = {
  name: 'long-movies',
  title: 'Long movies',
  datasets: ['movies'],
  parameters: { minutes: { 'x-type': 'range', of: 'integer' } },
  sql: 'SELECT title FROM movies WHERE in_range(runtime, $minutes)',
};

function pointers(value: unknown, name?: string): string[] {
  try {
    parseDefinitionBody(value, name);
  } catch (error) {
    if (!(error instanceof DefinitionInvalid)) throw error;
    return error.places.map(({ pointer = '' }) => pointer);
  }
  throw new Error('The body was accepted.');
}

describe(parseDefinitionBody, () => {
  it('makes a stored definition', () => {
    expect(parseDefinitionBody(body)).toMatchObject({
      name: 'long-movies',
      version: 1,
      origin: 'stored',
      datasets: [{ name: 'movies', columns: {} }],
      sql: body.sql,
    });
  });

  it('takes the name from the URL', () => {
    const { name, ...rest } = body;
    expect(parseDefinitionBody(rest, name).name).toBe(name);
    expect(pointers(body, 'other')).toEqual(['/name']);
  });

  it.each<[string, unknown, string[]]>([
    ['no object', [], ['']],
    ['nothing in it', {}, ['/name', '/title', '/datasets', '/sql']],
    ['a version', { ...body, version: 3 }, ['/version']],
    ['a bad parameter', { ...body, parameters: { minutes: { type: 'date' } } }, ['/parameters/minutes/type']],
    ['a placeholder that is not declared', { ...body, sql: `${body.sql} LIMIT $limit` }, ['/sql']],
    ['a parameter that is not used', { ...body, sql: 'SELECT 1' }, ['/parameters/minutes']],
    [
      'a bad example',
      { ...body, examples: [{ summary: 'x', parameters: { minutes: 5 } }] },
      ['/examples/0/parameters/minutes'],
    ],
  ])('refuses %s', (_, value, expected) => {
    expect(pointers(value)).toEqual(expected);
  });
});
