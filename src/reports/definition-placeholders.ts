/** A `$name` of a statement and the line, counted from 1, that it stands in. */
export interface Placeholder {
  name: string;
  line: number;
}

// Order matters: text, quoted names, comments and dollar-quoted text are consumed first, so that a `$` inside is no placeholder.
const TOKEN =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\$([A-Za-z_]\w*)?\$[\s\S]*?\$\1\$|\$(?<name>[A-Za-z_]\w*)/g;

/** All placeholders of a statement, in order. */
export function findPlaceholders(sql: string): Placeholder[] {
  return [...sql.matchAll(TOKEN)].flatMap((match) => {
    const name = match.groups?.['name'];
    return name === undefined ? [] : [{ name, line: sql.slice(0, match.index).split('\n').length }];
  });
}
