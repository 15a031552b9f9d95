import { AppError, ErrorCode, type ErrorPlace } from '../../common/errors.js';
import type { QueryColumn } from '../../platform/query-engine/query-engine.js';

const MAX_NAMES = 12;
const MAX_DETAILS = 5;

/** What a request says of columns does not fit those that its source has. Pointers lead into the body of the request. */
export class ShapeInvalid extends AppError {
  readonly code = ErrorCode.ShapeInvalid;

  /** The message repeats the places, because the error of a run has a message only. */
  static of(places: readonly ErrorPlace[], columns: readonly Pick<QueryColumn, 'name'>[]): ShapeInvalid {
    const details = places.slice(0, MAX_DETAILS).map(({ pointer = '', detail }) => `${pointer} ${detail}.`);
    const more = places.length > MAX_DETAILS ? [`(${String(places.length - MAX_DETAILS)} more.)`] : [];
    const known = `The source has ${String(columns.length)} columns: ${listNames(columns)}.`;
    const text = ['The export does not fit the columns of its source:', ...details, ...more, known].join(' ');
    return new ShapeInvalid(text, { places });
  }
}

/** The first names, in quotes, and that there are more. */
export function listNames(columns: readonly { name: string }[]): string {
  const names = columns.slice(0, MAX_NAMES).map(({ name }) => shown(name));
  return columns.length > MAX_NAMES ? `${names.join(', ')}, …` : names.join(', ');
}

/** A name in a message: quoted, and short. */
export function shown(name: string): string {
  return JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name);
}
