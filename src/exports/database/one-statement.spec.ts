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
    ['postgresql', 'SELECT $a$ $b$; $a$ AS a$b$; -- $b$', 'SELECT $a$ $b$; $a$ AS a$b$'],
    ['mysql', 'SELECT `a;b`, \';\\\';\', ";\\";" # c;\n;', 'SELECT `a;b`, \';\\\';\', ";\\";" # c;\n'],
    ['mysql', 'SELECT 1--1; SELECT 2', 'SELECT 1--1; SELECT 2'],
    ['mysql', 'SELECT 1 /* a /* b */; -- c', 'SELECT 1 /* a /* b */'],
  ] as const)('of %s: %s', (kind, sql, without) => {
    expect(withoutTerminator(sql, kind)).toBe(without);
  });

  it('is not kept busy by many dollar quotes that do not end', () => {
    const sql = `SELECT ${Array.from({ length: 15_000 }, (_, index) => ` $t${String(index)}$`).join('')}`;
    const start = performance.now();
    expect(withoutTerminator(sql, 'postgresql')).toBe(sql);
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it('is not kept busy by many quotes that do not end', () => {
    const sql = "\\'".repeat(50_000);
    const start = performance.now();
    expect(withoutTerminator(sql, 'mysql')).toBe(sql);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
