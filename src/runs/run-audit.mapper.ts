import { currentActor } from '../common/actor.js';
import { Prisma } from '../platform/prisma/generated/client.js';

/** What callers do to runs; with the kind before it, an action of the audit. */
export type AuditedVerb = 'create' | 'cancel' | 'delete';

/**
 * A statement, or a part of one, that writes to the audit what its part `from` has done to runs, in the name of the current actor.
 * `from` has the columns id, owner, kind and name.
 */
export function insertAuditEntry(verb: AuditedVerb, from: Prisma.Sql): Prisma.Sql {
  const { type, id, address, requestId } = currentActor();
  return Prisma.sql`
    INSERT INTO audit_entries (owner, action, resource, actor_type, actor_id, address, request_id, detail)
    SELECT owner, kind || ${`.${verb}`}, id::text, ${type}, ${id}, ${address}, ${requestId},
      jsonb_build_object('name', name) FROM ${from}`;
}
