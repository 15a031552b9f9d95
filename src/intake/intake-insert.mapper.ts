import { createHash } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { Prisma } from '../platform/prisma/generated/client.js';
import { IntakeState, RejectionCode, type CheckedMessage, type IntakeMessage } from './intake-message.js';
import { objectKeys } from './object-key.js';

/** A message as it is to be written. */
export interface Row extends CheckedMessage {
  id: string;
  identity: string;
}

/** What the database says of a row that it has written. */
export interface Written {
  id: string;
  key: string | null;
  createdAt: Date;
  finishedAt: Date | null;
}

export function toRow(message: CheckedMessage): Row {
  const { messageId, rejection, body } = message;
  const identity = messageId === null || rejection !== null ? digestOf(body) : identityOf(messageId);
  return { ...message, id: uuidv7(), identity };
}

export const identityOf = (messageId: string): string => `id:${messageId}`;
const digestOf = (body: Buffer): string => `bad:${createHash('sha256').update(body).digest('hex')}`;

export function asConflict(row: Row): Row {
  const detail = 'belongs to another message, which came before. Send this one with an id of its own';
  const rejection = { code: RejectionCode.IdConflict, detail, pointer: '/id' };
  return { ...row, rejection, identity: digestOf(row.body), bucket: null };
}

/**
 * Each document gets the first of its names that nobody has or had. Rows of one statement do not see each other: none may have a name that
 * an earlier one might get. A name that is taken while the statement runs makes all of it fail.
 */
export function insertStatement(owner: string, rows: readonly Row[]): Prisma.Sql {
  const reserved = new Set<string>();
  const values = rows.map((row) => {
    const state = row.rejection === null ? IntakeState.Received : IntakeState.Rejected;
    const reason = row.rejection === null ? null : JSON.stringify(row.rejection);
    const places = namesOf(row).map((name) => ({ name, place: JSON.stringify([row.bucket, name]) }));
    const free = places.filter(({ place }) => !reserved.has(place)).map(({ name }) => name);
    for (const { place } of places) reserved.add(place);
    const [first = `${row.id}.json`, second = first, third = second] = free;
    return Prisma.sql`(${row.id}::uuid, ${row.identity}, ${row.messageId}, ${row.type}, ${row.group}, ${row.body}::bytea,
      ${state}::intake_state, ${row.title}, ${row.route}, ${row.bucket}, ${first}, ${second}, ${third}, ${reason}::jsonb)`;
  });
  const isTaken = (name: string): Prisma.Sql =>
    Prisma.sql`(EXISTS (SELECT FROM intake_messages m WHERE m.bucket = v.bucket AND m.key = v.${Prisma.raw(name)})
      OR EXISTS (SELECT FROM intake_names n WHERE n.bucket = v.bucket AND n.key = v.${Prisma.raw(name)}))`;
  return Prisma.sql`
    INSERT INTO intake_messages (id, owner, identity, message_id, type, "group", body, state, title, route, bucket, key,
      reason, finished_at)
    SELECT id, ${owner}, identity, message_id, type, "group", body, state, title, route, bucket,
      CASE WHEN bucket IS NULL THEN NULL WHEN NOT ${isTaken('first')} THEN first WHEN NOT ${isTaken('second')} THEN second
        WHEN NOT ${isTaken('third')} THEN third ELSE id::text || '.json' END,
      reason, CASE WHEN state = 'rejected' THEN now() END
    FROM (VALUES ${Prisma.join(values)})
      AS v (id, identity, message_id, type, "group", body, state, title, route, bucket, first, second, third, reason)
    ON CONFLICT (owner, identity) DO NOTHING
    RETURNING id::text, key, created_at AS "createdAt", finished_at AS "finishedAt"`;
}

function namesOf({ title, messageId, bucket }: Row): readonly string[] {
  return bucket === null || title === null || messageId === null ? [] : objectKeys(title, messageId);
}

export function messageOf(owner: string, row: Row, { id, key, createdAt, finishedAt }: Written): IntakeMessage {
  const { messageId, type, group, title, route, bucket, rejection } = row;
  const state = rejection === null ? IntakeState.Received : IntakeState.Rejected;
  return {
    ...{ id, owner, messageId, type, group, state, title, route, bucket, key, reason: rejection },
    ...{ runId: null, createdAt, finishedAt, toldAt: null },
  };
}
