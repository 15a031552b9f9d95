import { Prisma } from '../platform/prisma/generated/client.js';
import type { RunStatus } from './run.js';
import { isTerminal } from './run-state.js';

/**
 * The part of a statement that writes the event for followers of the change of status that its part `changed` has made. It needs
 * the id, revision, status, attempt, error and request_id of `changed`.
 */
export function insertRunEvent(to: RunStatus): Prisma.Sql {
  return Prisma.sql`, noted AS (
      INSERT INTO run_events (run_id, revision, type, data)
      SELECT id, revision, 'status', jsonb_strip_nulls(jsonb_build_object(
        'status', status, 'terminal', ${isTerminal(to)}::boolean, 'attempt', attempt, 'error', error, 'request_id', request_id)) FROM changed
    )`;
}
