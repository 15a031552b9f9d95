import { describe, expect, it } from 'vitest';
import { parseDefinition } from './definition.js';
import { parseDefinitionFile } from './definition-file.js';
import { DefinitionInvalid } from './definition-errors.js';

const front = ['name: sample', 'version: 2', 'title: A sample', 'datasets: [movies]'];
const file = (lines: readonly string[], sql = 'SELECT 1 AS one FROM movies') =>
  ['---', ...lines, '---', sql, ''].join('\n');

function problems(text: string, fileName = 'sample.sql') {
  try {
    parseDefinitionFile(text, fileName);
  } catch (error) {
    if (!(error instanceof DefinitionInvalid)) throw error;
    expect(error.message).toContain(fileName);
    return error.places.map(({ line, pointer = '', detail }) => `${String(line)} ${pointer} ${detail}`);
  }
  throw new Error('The file was accepted.');
}

describe(parseDefinitionFile, () => {
  it('reads front matter and SQL, and what it reads survives JSON', () => {
    const lines = [
      ...front.slice(0, 3),
      'collection: movies',
      'datasets: { movies: { year: INTEGER, cast: "VARCHAR[]" }, comments: }',
      'parameters:',
      '  released: { x-type: range, of: date, description: When }',
      '  limit: { type: integer, default: 10 }',
      'examples:',
      '  - { summary: All, parameters: { released: { $gt: "1990" } } }',
    ];
    const sql = `SELECT '$text' AS a, "$name" AS b, $$ $body $$ AS c -- $comment\n/* $block */ WHERE in_range(1, $released) LIMIT $limit`;
    const definition = parseDefinitionFile(`\uFEFF${file(lines, sql)}`.replaceAll('\n', '\r\n'), 'sample.sql');
    expect(definition).toEqual({
      name: 'sample',
      version: 2,
      title: 'A sample',
      description: '',
      collection: 'movies',
      datasets: [
        { name: 'movies', columns: { year: 'INTEGER', cast: 'VARCHAR[]' } },
        { name: 'comments', columns: {} },
      ],
      parameters: {
        released: { 'x-type': 'range', of: 'date', description: 'When' },
        limit: { type: 'integer', default: 10 },
      },
      columns: [],
      examples: [{ summary: 'All', parameters: { released: { $gt: '1990' } } }],
      sql,
      origin: 'shipped',
    });
    expect(parseDefinition(JSON.parse(JSON.stringify(definition)))).toEqual(definition);
  });

  it.each<[string, string[], string]>([
    ['a missing field', front.slice(0, 2).concat(front[3]!), 'undefined /title is required'],
    ['a field of no meaning', [...front, 'titel: x'], '6 /titel is not a known field'],
    [
      'a wrong type',
      ['name: sample', 'version: one', ...front.slice(2)],
      '3 /version Invalid input: expected number, received string',
    ],
    ['a bad name', ['name: Top Ten', ...front.slice(1)], '2 /name must be lower-case'],
    ['a parameter of no shape', [...front, 'parameters:', '  a: { x-type: rang, of: date }'], '7 /parameters/a'],
    ['a filter of no type', [...front, 'parameters:', '  a: { x-type: set, of: dates }'], '7 /parameters/a/of'],
    [
      'a reserved name',
      [...front, 'parameters:', '  format: { type: string }'],
      '7 /parameters/format cannot be one of',
    ],
    ['a parameter that is not used', [...front, 'parameters:', '  a: { type: string }'], '7 /parameters/a is not used'],
    [
      'a bad dataset name',
      [...front.slice(0, 3), 'datasets: [movies, "a b"]'],
      '5 /datasets/1 must be the name of a dataset',
    ],
    [
      'a column of no type',
      [...front.slice(0, 3), 'datasets: { movies: { a: "INT); DROP" } }'],
      '5 /datasets/movies/a must be',
    ],
    [
      'an example that does not validate',
      [...front, 'examples: [{ summary: x, parameters: { b: 1 } }]'],
      '6 /examples/0/parameters/b',
    ],
    ['YAML that cannot be read', [...front, 'title: again'], '6  Map keys must be unique'],
  ])('names the line and field of %s', (_, lines, expected) => {
    const found = problems(file(lines));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(expected);
  });

  it('names the line of an undeclared placeholder in the file', () => {
    expect(problems(file(front, '\nSELECT 1\nLIMIT $limit'))).toEqual(['9 /sql $limit is not declared in parameters']);
  });

  it('checks defaults by their own rules', () => {
    const lines = [...front, 'parameters:', '  limit: { type: integer, maximum: 5, default: 6 }'];
    expect(problems(file(lines, 'SELECT 1 LIMIT $limit'))).toEqual(['7 /parameters/limit/default must be <= 5']);
  });

  it('refuses another file name, no SQL and no front matter', () => {
    expect(problems(file(front), 'other.sql')).toEqual(['2 /name the file must be called sample.sql']);
    expect(problems(file(front, ' '))).toEqual(['undefined  has no SQL after the front matter']);
    expect(problems('SELECT 1')[0]).toContain('must start with a line "---"');
  });
});
