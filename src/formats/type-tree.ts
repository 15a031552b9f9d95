/** A type text of the engine, taken apart as far as values have parts. A STRUCT without names is a leaf. */
export type TypeTree =
  | { kind: 'leaf'; type: string }
  | { kind: 'list'; item: TypeTree }
  | { kind: 'struct'; fields: { name: string; type: TypeTree }[] }
  | { kind: 'map'; key: TypeTree; value: TypeTree };

/** A quoted name or text, or one other character. */
const TOKEN = /"(?:[^"]|"")*"|'(?:[^']|'')*'|[\s\S]/g;
const FIELD = /^("(?:[^"]|"")*"|\w+) ([\s\S]+)$/;

export function typeTree(type: string): TypeTree {
  if (type.endsWith(']')) return { kind: 'list', item: typeTree(type.slice(0, type.lastIndexOf('['))) };
  const leaf: TypeTree = { kind: 'leaf', type };
  if (type.startsWith('MAP(')) {
    const [key, value] = partsOf(type);
    return key === undefined || value === undefined
      ? leaf
      : { kind: 'map', key: typeTree(key), value: typeTree(value) };
  }
  if (!type.startsWith('STRUCT(')) return leaf;
  const fields = partsOf(type).map(fieldOf);
  return fields.every((field) => field !== null) ? { kind: 'struct', fields } : leaf;
}

function fieldOf(part: string): { name: string; type: TypeTree } | null {
  const [, name, type] = FIELD.exec(part) ?? [];
  // `TIMESTAMP WITH TIME ZONE` alone is a type and no field of that name.
  if (name === undefined || type === undefined || type.startsWith('WITH ')) return null;
  return { name: name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name, type: typeTree(type) };
}

/** What the outer parentheses hold, cut at its own commas. */
function partsOf(type: string): string[] {
  const parts: string[] = [];
  let part = '';
  let depth = 0;
  for (const [token] of type.slice(type.indexOf('(') + 1, -1).matchAll(TOKEN)) {
    if (token === '(') depth += 1;
    if (token === ')') depth -= 1;
    if (token === ',' && depth === 0) {
      parts.push(part.trim());
      part = '';
    } else part += token;
  }
  return [...parts, part.trim()];
}
