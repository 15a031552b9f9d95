import { Prisma } from '../platform/prisma/generated/client.js';

/** What is expected follows the median of so many completed attempts. */
const REMEMBERED = 5;
/** Runs at the head of the line that one completion looks at; the next ones go on. */
const LOOKED_AT = 1000;

/** Whether a run is expected to be long, when nothing is known of it but its owner, kind and name. */
export function expectedLong(run: { owner: string; kind: string; name: string }): Prisma.Sql {
  return Prisma.sql`coalesce((SELECT long FROM run_paces
    WHERE owner = ${run.owner} AND kind = ${run.kind}::run_kind AND name = ${run.name}), false)`;
}

/**
 * The parts of a statement that learn from the attempt which its part `changed` has completed, and tell the runs of the same owner,
 * kind and name that wait: they were created when less was known. It needs owner, kind, name and claimed_at of `changed`. A run
 * with a long attempt of its own stays long. Rows that somebody else is changing are left alone, so that nobody waits.
 */
export function learnPace(longRunSeconds: number): Prisma.Sql {
  const seconds = Prisma.sql`(excluded.seconds || p.seconds)[1:${REMEMBERED}::int]`;
  return Prisma.sql`, learned AS (
      INSERT INTO run_paces AS p (owner, kind, name, seconds, long, updated_at)
      SELECT owner, kind, name, ARRAY[took], took > ${longRunSeconds}::int, now()
      FROM changed, LATERAL (SELECT extract(epoch FROM now() - claimed_at)::int AS took) AS pace WHERE took IS NOT NULL
      ON CONFLICT (owner, kind, name) DO UPDATE SET seconds = ${seconds}, updated_at = excluded.updated_at,
        long = (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY s) > ${longRunSeconds}::int FROM unnest(${seconds}) AS s)
      RETURNING owner, kind, name, long
    ), relabelled AS (
      UPDATE runs SET long_run = NOT long_run WHERE id IN (
        SELECT r.id FROM learned AS l CROSS JOIN LATERAL (
          SELECT id FROM runs WHERE status = 'queued' AND kind = l.kind AND owner = l.owner AND long_run = NOT l.long
          ORDER BY available_at, id LIMIT ${LOOKED_AT}
        ) AS front JOIN runs AS r USING (id)
        WHERE r.name = l.name AND (l.long OR r.attempt = 0) AND r.status = 'queued' FOR UPDATE OF r SKIP LOCKED)
    )`;
}
