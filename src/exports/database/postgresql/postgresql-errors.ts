import { DatabaseError } from 'pg';
import { AppError } from '../../../common/errors.js';
import { SourceFailed } from '../../sources/source-errors.js';
import { DatabaseBusy } from '../database-errors.js';
import { connectionFailure } from '../connection-failure.js';

/** SQLSTATE codes, or classes of them, whose messages name hosts and users, or say less than can be said here. */
const READ_ONLY = '25006';
const CANCELED = '57014';
const NO_DATABASE = '3D000';
const AUTHENTICATION = '28';
/** Lost or refused connection, shutdown, too many connections, lock not had, conflict of transactions (CockroachDB). */
const PASSING = /^(?:08|53|57P0[1-5]$|55P03$|40)/;

/** The same error for a client: `sql` is the text that positions count in, `name` how the database is called. */
export function toSourceFailed(error: unknown, { name, sql }: { name: string; sql?: string }): AppError {
  if (error instanceof AppError) return error;
  if (!(error instanceof DatabaseError)) return connectionFailure(error, name);
  const code = error.code ?? '';
  const options = { cause: error };
  if (code.startsWith(AUTHENTICATION)) {
    return new SourceFailed(`The database refuses the user or password of ${name}.`, options);
  }
  switch (code) {
    case NO_DATABASE:
      return new SourceFailed(`The server of ${name} has no such database.`, options);
    case READ_ONLY:
      return new SourceFailed(`The query would write, but an export only reads: ${error.message}.`, options);
    case CANCELED:
      return new SourceFailed(`The database ended the query: ${error.message}.`, options);
    default: {
      const hint = error.hint === undefined ? '' : ` ${error.hint}`;
      const message = `The database refuses the query: ${error.message}${placeIn(sql, error)}.${hint}`;
      return PASSING.test(code) ? new DatabaseBusy(message, options) : new SourceFailed(message, options);
    }
  }
}

/** The server counts characters from 1. */
function placeIn(sql: string | undefined, { position }: DatabaseError): string {
  const offset = Number(position);
  if (sql === undefined || !Number.isSafeInteger(offset) || offset < 1) return '';
  const lines = [...sql]
    .slice(0, offset - 1)
    .join('')
    .split('\n');
  return ` (line ${String(lines.length)}, column ${String([...(lines.at(-1) ?? '')].length + 1)})`;
}
