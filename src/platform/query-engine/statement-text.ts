import { QueryInvalid } from './query-errors.js';

/** Text with escapes, quoted text, quoted names, comments, semicolons, and where dollar quotes and block comments begin. */
const TOKEN =
  /(?<![\w$\x80-\uffff])[eE]'(?:[^'\\]|\\[^]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(?<![\w$\x80-\uffff])\$(?:[A-Za-z_\x80-\uffff][\w\x80-\uffff]*)?\$|--[^\n\r]*|\/\*|;/g;
const BLOCK_EDGE = /\/\*|\*\//g;
export const MAX_SQL_BYTES = 256 * 1024;

/** The statement without what follows its closing semicolon, so that it can be put into parentheses. */
export function withoutTerminator(sql: string): string {
  if (Buffer.byteLength(sql) > MAX_SQL_BYTES) {
    throw new QueryInvalid(`The SQL is longer than the ${String(MAX_SQL_BYTES / 1024)} KB it may have.`, {
      places: [{ pointer: '/sql', detail: 'Too long.' }],
    });
  }
  TOKEN.lastIndex = 0;
  for (let token = TOKEN.exec(sql); token !== null; token = TOKEN.exec(sql)) {
    const [text] = token;
    if (text === ';') return sql.slice(0, token.index);
    if (text === '/*') TOKEN.lastIndex = endOfBlock(sql, TOKEN.lastIndex);
    if (text.startsWith('$')) TOKEN.lastIndex = endOfDollarQuote(sql, text, TOKEN.lastIndex);
  }
  return sql;
}

/** Where text in dollar quotes (`$tag$`), which begins behind the first of them, ends. */
export function endOfDollarQuote(sql: string, quote: string, from: number): number {
  const end = sql.indexOf(quote, from);
  return end < 0 ? sql.length : end + quote.length;
}

/** The engine nests block comments. */
function endOfBlock(sql: string, from: number): number {
  let depth = 1;
  BLOCK_EDGE.lastIndex = from;
  for (let edge = BLOCK_EDGE.exec(sql); edge !== null; edge = BLOCK_EDGE.exec(sql)) {
    depth += edge[0] === '/*' ? 1 : -1;
    if (depth === 0) return BLOCK_EDGE.lastIndex;
  }
  return sql.length;
}

export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A type text is put into SQL as it is: it must be of the characters of types, and its brackets must close. */
export function checkType(type: string): string {
  let depth = 0;
  for (const character of type) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (depth < 0) break;
  }
  if (depth === 0 && /^[A-Za-z][\w ,()[\]"]*$/.test(type)) return type;
  throw new QueryInvalid(`"${type}" is not a type.`);
}
