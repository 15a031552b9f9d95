/** A name as records have it, and the one that it gets in the relation. */
export interface NamedColumn<T> {
  source: T;
  name: string;
}

/** Names that the engine takes and tells apart: not blank, without control characters, differing in more than case. */
export function nameColumns<T>(
  sources: readonly T[],
  nameOf: (source: T) => string,
): { columns: NamedColumn<T>[]; warnings: string[] } {
  const taken = new Set<string>();
  const warnings: string[] = [];
  const columns = sources.map((source, index) => {
    const original = nameOf(source);
    const clean = original.replace(/\p{Cc}/gu, ' ');
    const base = clean.trim() === '' ? `column${String(index + 1)}` : clean;
    let name = base;
    for (let number = 2; taken.has(name.toLowerCase()); number += 1) name = `${base}_${String(number)}`;
    taken.add(name.toLowerCase());
    if (name !== original) warnings.push(`The field ${JSON.stringify(original)} became the column "${name}".`);
    return { source, name };
  });
  return { columns, warnings };
}
