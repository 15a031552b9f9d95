/** The steps of `data.items` or of the JSON Pointer `/data/items`; none for the whole page. */
export function stepsOf(path: string): string[] {
  if (path === '') return [];
  if (!path.startsWith('/')) return path.split('.');
  return path
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}
