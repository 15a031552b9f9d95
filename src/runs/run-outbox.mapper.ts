import { v7 as uuidv7 } from 'uuid';
import { API_PATH } from '../common/api-path.js';
import { Prisma } from '../platform/prisma/generated/client.js';
import { RunStatus } from './run.js';

/** Ends of a run that are told outside. Its expiry is not: `expires_at` said it before. */
const TOLD: ReadonlySet<RunStatus> = new Set([RunStatus.Completed, RunStatus.Error, RunStatus.Cancelled]);

export const isTold = (status: RunStatus): boolean => TOLD.has(status);

/** Columns of `runs` that `insertOutboxEvent` needs from `changed`, beside its id, status, attempt, error and request_id. */
export const TOLD_COLUMNS = Prisma.sql`owner, kind, name, total_rows, callback_url`;

/**
 * The part of a statement that writes the event of the change that its part `changed` has made; empty for changes that are not
 * told. Changes of one run wait for each other at its row, so that its events are numbered in their order.
 */
export function insertOutboxEvent(to: RunStatus): Prisma.Sql {
  if (!isTold(to)) return Prisma.empty;
  const self = Prisma.sql`${API_PATH}::text || '/' || kind || 's/' || id`;
  const links =
    to === RunStatus.Completed
      ? Prisma.sql`'self', ${self}, 'download', ${self} || '/download', 'manifest', ${self} || '/manifest'`
      : Prisma.sql`'self', ${self}`;
  return Prisma.sql`, told AS (
      INSERT INTO outbox_events (id, owner, stream, type, callback_url, data)
      SELECT ${uuidv7()}::uuid, owner, 'run:' || id, kind || '.' || status, callback_url, jsonb_build_object(
        'id', id, 'kind', kind, 'name', name, 'status', status, 'attempt', attempt, 'total_rows', total_rows,
        'error', CASE WHEN error IS NOT NULL THEN
          jsonb_build_object('code', error -> 'code', 'detail', error -> 'detail') END,
        'request_id', request_id, 'links', jsonb_build_object(${links})) FROM changed
    )`;
}
