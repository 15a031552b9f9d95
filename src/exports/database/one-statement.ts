import { endOfDollarQuote } from '../../platform/query-engine/statement-text.js';
import { DatabaseKind } from './database-url.js';

/**
 * Quoted text, quoted names, comments and semicolons of each dialect, and where dollar quotes begin. Only what a semicolon
 * could hide in. A quote that does not end goes to the end: each would be looked through to there otherwise.
 */
const TOKENS: Readonly<Record<DatabaseKind, RegExp>> = {
  postgresql:
    /\b[eE]'(?:[^'\\]|''|\\[\s\S]?)*(?:'|$)|'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|(?<![\w$\x80-\uffff])\$(?:[A-Za-z_\x80-\uffff][\w\x80-\uffff]*)?\$|--[^\n]*|\/\*|;/g,
  mysql:
    /'(?:[^'\\]|''|\\[\s\S]?)*(?:'|$)|"(?:[^"\\]|""|\\[\s\S]?)*(?:"|$)|`(?:[^`]|``)*(?:`|$)|--(?=\s|$)[^\n]*|#[^\n]*|\/\*|;/g,
};
const BLOCK_EDGE = /\/\*|\*\//g;

/**
 * The text without the semicolon that ends it and the comments that follow. It decides nothing: the server is asked whether
 * what is left is one statement, so that a semicolon that is taken for the end by mistake is a syntax error and no way around
 * a check. A text that goes on behind the semicolon is left as it is, for the server to refuse.
 */
export function withoutTerminator(sql: string, kind: DatabaseKind): string {
  for (const { token, index } of tokens(sql, kind)) {
    if (token === ';') return isBlank(sql.slice(index), kind) ? sql.slice(0, index) : sql;
  }
  return sql;
}

/** Whether there are only semicolons, comments and space. */
function isBlank(sql: string, kind: DatabaseKind): boolean {
  let at = 0;
  for (const { token, index, end } of tokens(sql, kind)) {
    if (!/^(?:;|--|#|\/\*)/.test(token) || sql.slice(at, index).trim() !== '') return false;
    at = end;
  }
  return sql.slice(at).trim() === '';
}

function* tokens(sql: string, kind: DatabaseKind): Generator<{ token: string; index: number; end: number }> {
  const pattern = new RegExp(TOKENS[kind]);
  for (let match = pattern.exec(sql); match !== null; match = pattern.exec(sql)) {
    if (match[0].startsWith('$')) pattern.lastIndex = endOfDollarQuote(sql, match[0], pattern.lastIndex);
    if (match[0] === '/*') pattern.lastIndex = endOfBlock(sql, pattern.lastIndex, kind === DatabaseKind.Postgresql);
    yield { token: match[0], index: match.index, end: pattern.lastIndex };
  }
}

function endOfBlock(sql: string, from: number, nested: boolean): number {
  const edges = new RegExp(BLOCK_EDGE);
  edges.lastIndex = from;
  let depth = 1;
  for (let edge = edges.exec(sql); edge !== null; edge = edges.exec(sql)) {
    if (edge[0] === '*/') depth -= 1;
    else if (nested) depth += 1;
    if (depth === 0) return edges.lastIndex;
  }
  return sql.length;
}
