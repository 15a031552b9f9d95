import { AppError } from '../../../common/errors.js';
import { SourceFailed } from '../../sources/source-errors.js';
import { connectionFailure } from '../connection-failure.js';
import { DatabaseBusy } from '../database-errors.js';

/** Numbers of the server whose messages name hosts and users, or say less than can be said here. */
const AUTHENTICATION = new Set([1044, 1045, 1130, 1251, 1698]);
const NO_DATABASE = 1049;
const READ_ONLY = 1792;
const TWICE = 1060;
/** Too many connections, shutdown, lock not had, deadlock. */
const PASSING = new Set([1040, 1053, 1203, 1205, 1213, 1226]);

interface ServerError extends Error {
  errno: number;
  sqlMessage: string;
}

/** The same error for a client; `name` is how the database is called. */
export function toSourceFailed(error: unknown, name: string): AppError {
  if (error instanceof AppError) return error;
  if (!isServerError(error)) return connectionFailure(error, name);
  const { errno, sqlMessage } = error;
  const options = { cause: error };
  if (AUTHENTICATION.has(errno)) {
    return new SourceFailed(`The database refuses the user or password of ${name}.`, options);
  }
  switch (errno) {
    case NO_DATABASE:
      return new SourceFailed(`The server of ${name} has no such database.`, options);
    case READ_ONLY:
      return new SourceFailed(`The query would write, but an export only reads: ${sqlMessage}.`, options);
    case TWICE:
      return new SourceFailed(`${sqlMessage}. Give it a name of its own with AS.`, options);
    default: {
      const message = `The database refuses the query: ${sqlMessage}.`;
      return PASSING.has(errno) ? new DatabaseBusy(message, options) : new SourceFailed(message, options);
    }
  }
}

function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && 'sqlMessage' in error && typeof error.sqlMessage === 'string' && 'errno' in error;
}
