import { ValidationFailed } from './errors.js';

/** A place in a list as an opaque text: a creation time and an id, base64url. */
export interface CursorPosition {
  createdAt: Date;
  id: string;
}

export function encodeCursor({ createdAt, id }: CursorPosition): string {
  return Buffer.from(`${createdAt.toISOString()} ${id}`).toString('base64url');
}

/** Throws `ValidationFailed` for what `encodeCursor` did not make. */
export function decodeCursor(cursor: string): CursorPosition {
  const [time, id, ...rest] = Buffer.from(cursor, 'base64url').toString('utf8').split(' ');
  const createdAt = new Date(time ?? '');
  const isTime = time !== undefined && TIME.test(time) && !Number.isNaN(createdAt.getTime());
  if (!isTime || id === undefined || !UUID.test(id) || rest.length > 0) {
    throw ValidationFailed.at('/cursor', 'is not a cursor of this list; take it from the "next" link as it is');
  }
  return { createdAt, id };
}

/** Years of four digits: PostgreSQL has not all that `Date` reads. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;
