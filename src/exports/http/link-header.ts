/** `<url>` and its parameters, whose quoted values may hold commas and semicolons. No URL holds a `<`: many must not take long. */
const LINK = /<([^<>]*)>((?:\s*;\s*[\w!#$&+.^`|~*-]+\s*(?:=\s*(?:"(?:[^"\\]|\\.)*"|[^\s",;]*))?)*)/g;
const PARAMETER = /;\s*([\w!#$&+.^`|~*-]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*)))?/g;

/** The target of the link whose relation is `next` (RFC 8288); null if there is none. */
export function nextLink(header: string): string | null {
  for (const [, target = '', parameters = ''] of header.matchAll(LINK)) {
    for (const [, name = '', quoted, plain] of parameters.matchAll(PARAMETER)) {
      if (name.toLowerCase() !== 'rel') continue;
      const relations = (quoted ?? plain ?? '').toLowerCase().split(/\s+/);
      if (relations.includes('next')) return target;
      // Of several `rel` the first counts.
      break;
    }
  }
  return null;
}
