import { Injectable } from '@nestjs/common';
import { Prisma } from '../platform/prisma/generated/client.js';
import { PrismaService } from '../platform/prisma/prisma.service.js';
import { seconds } from '../platform/prisma/sql-interval.js';
import { insertRunEvent } from './run-events.mapper.js';
import { RunStatus, type Run, type RunKind } from './run.js';
import { runColumns, toRun } from './runs.mapper.js';

export interface ClaimOptions {
  workerId: string;
  leaseSeconds: number;
  /** Runs of one owner that are worked on at once, for owners that have no limit of their own. */
  runningLimit: number;
  /** Takes no run that is expected to be long. */
  shortOnly: boolean;
}

/** A run that was taken: its attempt has begun. */
export interface Claim {
  run: Run;
  /** Whether it is expected to take long. */
  long: boolean;
}

interface Picked {
  /** Null if somebody else took a run of the owner at the same moment. */
  id: string | null;
  long: boolean;
}

/** How runs are taken by workers: fairly among their owners, however many runs each of them has waiting. */
@Injectable()
export class RunClaimsRepository {
  constructor(private readonly prisma: PrismaService) {}

  /**
   * Takes a queued run that is due: of the owners below their limit the one with the fewest runs in work, of both kinds; among
   * equals the one that was given a worker longest ago; and of its runs the one that has waited longest. Null if there is none.
   */
  async next(kind: RunKind, options: ClaimOptions): Promise<Claim | null> {
    for (;;) {
      const [picked] = await this.prisma.$queryRaw<Picked[]>(claim(kind, options));
      if (!picked) return null;
      if (picked.id === null) continue;
      const row = await this.prisma.run.findUnique({ where: { id: picked.id }, select: runColumns });
      return row && { run: toRun(row), long: picked.long };
    }
  }
}

/**
 * One statement, without a lock that outlives it: a worker that stands still in the middle holds nobody up. What it counted holds
 * as long as nobody else has taken a turn of the owner meanwhile; then its own turn is refused, and so is the claim.
 */
function claim(kind: RunKind, { workerId, leaseSeconds, runningLimit, shortOnly }: ClaimOptions): Prisma.Sql {
  return Prisma.sql`
    WITH RECURSIVE ${pick(kind, { runningLimit, shortOnly })}, taken AS (
      INSERT INTO owner_turns AS t (owner, turn, served_at) SELECT owner, turn, clock_timestamp() FROM pick
      ON CONFLICT (owner) DO UPDATE SET turn = excluded.turn, served_at = excluded.served_at WHERE t.turn = excluded.turn - 1
      RETURNING owner
    ), changed AS (
      UPDATE runs SET status = ${RunStatus.Running}::run_status, revision = revision + 1, attempt = attempt + 1,
        worker_id = ${workerId}, claimed_at = now(), lease_until = now() + ${seconds(leaseSeconds)},
        started_at = coalesce(started_at, now()),
        deadline_at = coalesce(deadline_at, now() + timeout_seconds * interval '1 second'), progress = NULL
      WHERE id = (SELECT id FROM pick) AND EXISTS (SELECT FROM taken)
        AND status = 'queued' AND available_at <= now() AND purge_requested_at IS NULL
      RETURNING id, revision, status, attempt, error, request_id, long_run
    )${insertRunEvent(RunStatus.Running)}
    SELECT changed.id::text, coalesce(changed.long_run, false) AS long FROM pick LEFT JOIN changed USING (id)`;
}

/** The part `pick`. Steps from owner to owner in the index, so that it reads a few rows per owner and never a whole line. */
function pick(
  kind: RunKind,
  { runningLimit, shortOnly }: Pick<ClaimOptions, 'runningLimit' | 'shortOnly'>,
): Prisma.Sql {
  const inLine = Prisma.sql`status = 'queued' AND kind = ${kind}::run_kind`;
  return Prisma.sql`owners AS (
      (SELECT owner FROM runs WHERE ${inLine} ORDER BY owner LIMIT 1)
      UNION ALL
      SELECT (SELECT owner FROM runs WHERE ${inLine} AND owner > before.owner ORDER BY owner LIMIT 1)
      FROM owners AS before WHERE before.owner IS NOT NULL
    ), in_work AS (
      SELECT owner, count(*) AS runs FROM runs WHERE status IN ('running', 'cancelling') GROUP BY owner
    ), pick AS MATERIALIZED (
      SELECT head.id, owners.owner, coalesce(turns.turn, 0) + 1 AS turn
      FROM owners CROSS JOIN unnest(${shortOnly ? [false] : [false, true]}::boolean[]) AS lanes (long) CROSS JOIN LATERAL (
        SELECT id, available_at FROM runs
        WHERE ${inLine} AND runs.owner = owners.owner AND long_run = lanes.long
          AND available_at <= now() AND purge_requested_at IS NULL
        ORDER BY available_at, id LIMIT 1
      ) AS head
      LEFT JOIN in_work USING (owner) LEFT JOIN owner_turns AS turns USING (owner) LEFT JOIN owner_limits USING (owner)
      WHERE coalesce(in_work.runs, 0) < coalesce((limits ->> 'running')::int, ${runningLimit}::int)
      ORDER BY coalesce(in_work.runs, 0), turns.served_at NULLS FIRST, head.available_at, head.id LIMIT 1
    )`;
}
