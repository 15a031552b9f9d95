import { SourceFailed } from '../sources/source-errors.js';

/** The server could not take the query now, and may be able to later: too many connections, a shutdown, a lock. */
export class DatabaseBusy extends SourceFailed {
  override readonly retryable = true;
}
