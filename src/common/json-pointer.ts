/** RFC 6901: the JSON Pointer of the value that these names and indexes lead to. */
export function pointerTo(...segments: readonly PropertyKey[]): string {
  return segments.map((segment) => `/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** RFC 6901: the names and indexes of a JSON Pointer. */
export function fromPointer(pointer: string): string[] {
  const segments = pointer.split('/').slice(1);
  return segments.map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}
