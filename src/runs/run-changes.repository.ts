import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Prisma } from '../platform/prisma/generated/client.js';
import { PrismaService } from '../platform/prisma/prisma.service.js';
import { seconds } from '../platform/prisma/sql-interval.js';
import type { NewArtifact } from './artifact.js';
import { RunStatus, type Manifest, type Run, type RunError, type RunProgress } from './run.js';
import { insertRunEvent } from './run-events.mapper.js';
import { allowedFrom, nextStatus, RunChange, TERMINAL_STATUSES } from './run-state.js';
import { insertAuditEntry, type AuditedVerb } from './run-audit.mapper.js';
import { insertOutboxEvent, TOLD_COLUMNS } from './run-outbox.mapper.js';
import { learnPace } from './run-pace.mapper.js';
import { runColumns, toRun } from './runs.mapper.js';

interface ChangeOptions {
  /** Only if the row still has this attempt. */
  attempt?: number;
  set?: readonly Prisma.Sql[];
  /** Only if this holds for the row too. */
  condition?: Prisma.Sql;
  /** Written together with the change. */
  artifact?: NewArtifact | null;
  /** What the current actor does by it. */
  audited?: AuditedVerb;
  /** What is learned from the change: see `learnPace`. */
  learned?: Prisma.Sql;
}

/** A run that nobody works on any more, as the sweep sees it. */
export interface StrayRun {
  id: string;
  status: RunStatus;
  attempt: number;
  failures: number;
}

/**
 * Every change of a run's state: one conditional statement that also writes its events, the one for followers and the one
 * that is told outside. All times are the database's,
 * so that clocks of workers that differ decide nothing.
 */
@Injectable()
export class RunChangesRepository {
  constructor(
    private readonly prisma: PrismaService,
    private readonly clock: Clock,
  ) {}

  /**
   * Renews the lease, and notes the progress if there is news of it: only that is a new revision. Null if the attempt is not the
   * row's any more.
   */
  async renew(
    run: Run,
    leaseSeconds: number,
    news: RunProgress | null,
  ): Promise<{ status: RunStatus; revision: number } | null> {
    const rows = await this.prisma.$queryRaw<{ status: RunStatus; revision: number }[]>`
      UPDATE runs SET lease_until = now() + ${seconds(leaseSeconds)}, revision = revision + ${news === null ? 0 : 1}::int,
        progress = coalesce(${news === null ? null : JSON.stringify(news)}::jsonb, progress)
      WHERE id = ${run.id}::uuid AND attempt = ${run.attempt} AND status IN ('running', 'cancelling')
      RETURNING status::text, revision`;
    return rows[0] ?? null;
  }

  async complete(
    run: Run,
    manifest: Manifest,
    options: { artifact: NewArtifact | null; resultTtlSeconds: number; longRunSeconds: number },
  ): Promise<Run | null> {
    return await this.change(run.id, RunChange.Complete, {
      attempt: run.attempt,
      artifact: options.artifact,
      learned: learnPace(options.longRunSeconds),
      set: [
        Prisma.sql`manifest = ${JSON.stringify(manifest)}::jsonb`,
        Prisma.sql`total_rows = ${manifest.rows}`,
        Prisma.sql`progress = NULL`,
        ...ended(options.resultTtlSeconds),
      ],
    });
  }

  /** Ends a running attempt, or a queued run that cannot be tried again, in `error`. */
  async fail(run: Pick<Run, 'id' | 'attempt'>, error: RunError, resultTtlSeconds: number): Promise<Run | null> {
    return await this.change(run.id, RunChange.Fail, {
      attempt: run.attempt,
      set: [
        Prisma.sql`error = ${JSON.stringify(error)}::jsonb`,
        Prisma.sql`failures = failures + 1`,
        ...ended(resultTtlSeconds),
      ],
    });
  }

  /**
   * Gives the run back to the queue, to be taken after a delay; without one it has its old place in the line. `failures` is their
   * number from now on.
   */
  async requeue(
    run: Pick<Run, 'id' | 'attempt'>,
    options: { delaySeconds: number; failures: number; longRunSeconds: number },
  ): Promise<Run | null> {
    return await this.change(run.id, RunChange.Requeue, {
      attempt: run.attempt,
      set: [
        options.delaySeconds === 0
          ? Prisma.sql`available_at = created_at`
          : Prisma.sql`available_at = now() + ${seconds(options.delaySeconds)}`,
        Prisma.sql`long_run = long_run OR coalesce(claimed_at < now() - ${seconds(options.longRunSeconds)}, false)`,
        Prisma.sql`failures = ${options.failures}`,
        Prisma.sql`lease_until = NULL`,
        Prisma.sql`worker_id = NULL`,
        Prisma.sql`progress = NULL`,
      ],
    });
  }

  /** A queued run that nobody has begun is cancelled at once; a running one when its work has stopped. */
  async cancel(id: string, resultTtlSeconds: number): Promise<Run | null> {
    return await this.change(id, RunChange.Cancel, {
      condition: Prisma.sql`(status <> 'queued' OR attempt = 0)`,
      audited: 'cancel',
      set: [
        Prisma.sql`expires_at = CASE WHEN status = 'queued' THEN now() + ${seconds(resultTtlSeconds)} ELSE expires_at END`,
        Prisma.sql`finished_at = CASE WHEN status = 'queued' THEN now() END`,
      ],
    });
  }

  /** A queued run that was begun is cancelled when its files are gone. If that takes longer than the lease, the sweep sees to it. */
  async withdraw(id: string, leaseSeconds: number): Promise<Run | null> {
    return await this.change(id, RunChange.Withdraw, {
      audited: 'cancel',
      set: [Prisma.sql`lease_until = now() + ${seconds(leaseSeconds)}`],
    });
  }

  async confirmCancel(run: Pick<Run, 'id' | 'attempt'>, resultTtlSeconds: number): Promise<Run | null> {
    return await this.change(run.id, RunChange.ConfirmCancel, {
      attempt: run.attempt,
      set: [Prisma.sql`progress = NULL`, ...ended(resultTtlSeconds)],
    });
  }

  async expire(id: string): Promise<Run | null> {
    return await this.change(id, RunChange.Expire, { condition: Prisma.sql`expires_at <= now()` });
  }

  /** Milliseconds that a run may still take; none are left after its deadline. */
  timeLeft({ deadlineAt }: Pick<Run, 'deadlineAt'>): number {
    return deadlineAt === null ? Infinity : Math.max(deadlineAt.getTime() - this.clock.now().getTime(), 0);
  }

  async stateOf(id: string): Promise<{ status: RunStatus; attempt: number } | null> {
    return await this.prisma.run.findUnique({ where: { id }, select: { status: true, attempt: true } });
  }

  /** Runs in work whose worker has let its lease run out. */
  async strays(limit: number): Promise<StrayRun[]> {
    return await this.prisma.$queryRaw<StrayRun[]>`
      SELECT id::text, status::text, attempt, failures FROM runs
      WHERE status IN ('running', 'cancelling') AND lease_until < now() ORDER BY lease_until LIMIT ${limit}`;
  }

  async due(limit: number): Promise<string[]> {
    const rows = await this.prisma.$queryRaw<{ id: string }[]>`
      SELECT id::text FROM runs WHERE status = 'completed' AND expires_at <= now() ORDER BY expires_at LIMIT ${limit}`;
    return rows.map(({ id }) => id);
  }

  /** Ended runs to remove for good: purged by their owner, or older than the history that is kept. */
  async removable(historySeconds: number, limit: number): Promise<string[]> {
    const oldest = new Date(this.clock.now().getTime() - historySeconds * 1000);
    const rows = await this.prisma.run.findMany({
      where: {
        status: { in: TERMINAL_STATUSES },
        OR: [{ purgeRequestedAt: { not: null } }, { status: { not: RunStatus.Completed }, finishedAt: { lt: oldest } }],
      },
      take: limit,
      select: { id: true },
    });
    return rows.map(({ id }) => id);
  }

  private async change(id: string, change: RunChange, options: ChangeOptions): Promise<Run | null> {
    for (const from of allowedFrom(change)) {
      const changed = await this.prisma.$queryRaw<{ id: string }[]>(statement(id, { change, from }, options));
      if (changed.length > 0) {
        const row = await this.prisma.run.findUnique({ where: { id }, select: runColumns });
        return row && toRun(row);
      }
    }
    return null;
  }
}

function ended(resultTtlSeconds: number): Prisma.Sql[] {
  return [
    Prisma.sql`finished_at = now()`,
    Prisma.sql`expires_at = now() + ${seconds(resultTtlSeconds)}`,
    Prisma.sql`lease_until = NULL`,
    Prisma.sql`worker_id = NULL`,
  ];
}

/** The change, its events and its artifact in one statement: all of it or none. */
function statement(
  id: string,
  { change, from }: { change: RunChange; from: RunStatus },
  options: ChangeOptions,
): Prisma.Sql {
  const to = nextStatus(from, change);
  if (to === null) throw new TypeError(`${change} is not allowed in ${from}`);
  const set = Prisma.join([
    Prisma.sql`status = ${to}::run_status`,
    Prisma.sql`revision = revision + 1`,
    ...(options.set ?? []),
  ]);
  const where = Prisma.join(
    [
      Prisma.sql`id = ${id}::uuid`,
      Prisma.sql`status = ${from}::run_status`,
      ...(options.attempt === undefined ? [] : [Prisma.sql`attempt = ${options.attempt}`]),
      ...(options.condition ? [options.condition] : []),
    ],
    ' AND ',
  );
  const audit = options.audited
    ? Prisma.sql`, audited AS (${insertAuditEntry(options.audited, Prisma.sql`changed`)})`
    : Prisma.empty;
  return Prisma.sql`
    WITH changed AS (
      UPDATE runs SET ${set} WHERE ${where} RETURNING id, revision, status, attempt, error, request_id, claimed_at, ${TOLD_COLUMNS}
    )${insertRunEvent(to)}${audit}${insertOutboxEvent(to)}${options.artifact ? insertArtifact(options.artifact) : Prisma.empty}${options.learned ?? Prisma.empty}
    SELECT id::text FROM changed`;
}

function insertArtifact(artifact: NewArtifact): Prisma.Sql {
  return Prisma.sql`, kept AS (
      INSERT INTO artifacts (id, run_id, format, status, attempt, key, file_name, content_type, size, sha256,
        rows, warnings)
      SELECT ${artifact.id}::uuid, id, ${artifact.format}, 'ready'::artifact_status, 1, ${artifact.key},
        ${artifact.fileName}, ${artifact.contentType}, ${artifact.size}, ${artifact.sha256},
        ${artifact.rows}::bigint, ${JSON.stringify(artifact.warnings)}::jsonb FROM changed
    )`;
}
