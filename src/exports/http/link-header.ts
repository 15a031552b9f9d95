/** `<url>` and its parameters, whose quoted values may hold commas and semicolons. */
const LINK = /<([^>]*)>((?:\s*;\s*[\w!#$&+.^`|~*-]+\s*(?:=\s*(?:"(?:[^"\\]|\\.)*"|[^\s",;]*))?)*)/g;
const RELATION = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s",;]*))/i;

/** The target of the link whose relation is `next` (RFC 8288); null if there is none. */
export function nextLink(header: string): string | null {
  for (const [, target = '', parameters = ''] of header.matchAll(LINK)) {
    const [, quoted, plain] = RELATION.exec(parameters) ?? [];
    const relations = (quoted ?? plain ?? '').toLowerCase().split(/\s+/);
    if (relations.includes('next')) return target;
  }
  return null;
}
