import { fromPointer } from '../../common/json-pointer.js';
/** The steps of `data.items` or of the JSON Pointer `/data/items`; none for the whole page. */
export function stepsOf(path: string): string[] {
  if (path === '') return [];
  if (!path.startsWith('/')) return path.split('.');
  return fromPointer(path);
}
