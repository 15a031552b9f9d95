import { describe, expect, it } from 'vitest';
import { withoutTerminator } from './one-statement.js';

describe('withoutTerminator', () => {
  it.each([
    ['postgresql', 'SELECT 1', 'SELECT 1'],
    ['postgresql', 'SELECT 1;', 'SELECT 1'],
    ['postgresql', 'SELECT 1 ; ; -- a;b\n /* c; /* d */ e */ ', 'SELECT 1 '],
    ['postgresql', `SELECT ';' || E'\\';' || "a;b" || $x$;$x$;`, `SELECT ';' || E'\\';' || "a;b" || $x$;$x$`],
    ['postgresql', 'SELECT 1; DROP TABLE a', 'SELECT 1; DROP TABLE a'],
    ['postgresql', `SELECT 1; 'text'`, `SELECT 1; 'text'`],
    ['mysql', 'SELECT `a;b`, \';\\\';\', ";\\";" # c;\n;', 'SELECT `a;b`, \';\\\';\', ";\\";" # c;\n'],
    ['mysql', 'SELECT 1--1; SELECT 2', 'SELECT 1--1; SELECT 2'],
    ['mysql', 'SELECT 1 /* a /* b */; -- c', 'SELECT 1 /* a /* b */'],
  ] as const)('of %s: %s', (kind, sql, without) => {
    expect(withoutTerminator(sql, kind)).toBe(without);
  });
});
