import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Prisma } from '../platform/prisma/generated/client.js';
import { PrismaService } from '../platform/prisma/prisma.service.js';
import { insertAuditEntry } from './run-audit.mapper.js';
import { RunStatus, type Run } from './run.js';
import { eventSchema, type RunEvent } from './run-events.js';
import { runColumns, toRun } from './runs.mapper.js';

/** Beyond this a position says no more than "many", and counting would cost the more the longer the queue is. */
export const MAX_QUEUE_POSITION = 1000;

/** A place in a list that is ordered by creation, newest first. */
export interface RunPosition {
  createdAt: Date;
  id: string;
}

export interface RunQuery {
  owner: string;
  kind: Run['kind'];
  name?: string | undefined;
  /** Value at a place of the parameters, for example the type of an export's source. */
  parameter?: { path: string[]; equals: string } | undefined;
  status?: RunStatus | undefined;
  createdAfter?: Date | undefined;
  createdBefore?: Date | undefined;
  /** Exclusive. */
  after?: RunPosition | undefined;
  limit: number;
}

/** Finding and removing runs. They begin in `RunCreationRepository`; what happens to them is in `RunChangesRepository`. */
@Injectable()
export class RunsRepository {
  constructor(
    private readonly prisma: PrismaService,
    private readonly clock: Clock,
  ) {}

  /** Null if there is no such run, it belongs to somebody else, or it is being purged. */
  async find(owner: string, id: string): Promise<Run | null> {
    const row = await this.prisma.run.findFirst({ where: { id, owner, purgeRequestedAt: null }, select: runColumns });
    return row && this.asOfNow(toRun(row));
  }

  async load(id: string): Promise<Run | null> {
    const row = await this.prisma.run.findFirst({ where: { id, purgeRequestedAt: null }, select: runColumns });
    return row && this.asOfNow(toRun(row));
  }

  async list(query: RunQuery): Promise<Run[]> {
    const rows = await this.prisma.run.findMany({
      where: {
        owner: query.owner,
        kind: query.kind,
        purgeRequestedAt: null,
        ...(query.name !== undefined && { name: query.name }),
        ...(query.parameter && { parameters: query.parameter }),
        ...(query.status !== undefined && { status: query.status }),
        createdAt: {
          ...(query.createdAfter && { gte: query.createdAfter }),
          ...(query.createdBefore && { lt: query.createdBefore }),
        },
        ...(query.after && {
          OR: [
            { createdAt: { lt: query.after.createdAt } },
            { createdAt: query.after.createdAt, id: { lt: query.after.id } },
          ],
        }),
      },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: query.limit,
      select: runColumns,
    });
    return rows.map((row) => this.asOfNow(toRun(row)));
  }

  /** How many queued runs of the owner and kind stand before it, counted up to a limit; 0 = the owner's next. */
  async queuePosition(run: Run): Promise<number> {
    const [row] = await this.prisma.$queryRaw<{ position: number }[]>`
      SELECT count(*)::int AS position FROM (
        SELECT FROM unnest('{false,true}'::boolean[]) AS lanes (long) CROSS JOIN LATERAL (
          SELECT FROM runs WHERE status = 'queued' AND kind = ${run.kind}::run_kind AND owner = ${run.owner} AND long_run = long
            AND (available_at, id) < (SELECT available_at, id FROM runs WHERE id = ${run.id}::uuid)
          LIMIT ${MAX_QUEUE_POSITION}) AS lane
        LIMIT ${MAX_QUEUE_POSITION}) AS before`;
    return row?.position ?? 0;
  }

  /** Changes of status after a revision, oldest first. */
  async eventsAfter(runId: string, revision: number): Promise<RunEvent[]> {
    const rows = await this.prisma.runEvent.findMany({
      where: { runId, revision: { gt: revision } },
      orderBy: { revision: 'asc' },
      select: { revision: true, type: true, data: true },
    });
    return rows.map((row) => eventSchema.parse({ id: row.revision, type: row.type, data: row.data }));
  }

  /** Makes the run invisible; it is removed once it has stopped. */
  async requestPurge(owner: string, id: string): Promise<boolean> {
    const count = await this.prisma.$executeRaw`
      WITH purged AS (
        UPDATE runs SET purge_requested_at = now() WHERE id = ${id}::uuid AND owner = ${owner} AND purge_requested_at IS NULL
        RETURNING id, owner, kind, name
      ) ${insertAuditEntry('delete', Prisma.sql`purged`)}`;
    return count > 0;
  }

  async remove(id: string): Promise<void> {
    await this.prisma.run.deleteMany({ where: { id } });
  }

  /** What is known of names that no run has had for so long. */
  async removeOldPaces(historySeconds: number): Promise<void> {
    const updatedAt = { lt: new Date(this.clock.now().getTime() - historySeconds * 1000) };
    await this.prisma.runPace.deleteMany({ where: { updatedAt } });
  }

  /** At most `limit` of them; those that another sweep removes right now are passed over. */
  async removeOldIdempotencyRecords(limit: number): Promise<void> {
    await this.prisma.$executeRaw`
      DELETE FROM idempotency_records WHERE (owner, key) IN (
        SELECT owner, key FROM idempotency_records WHERE expires_at < ${this.clock.now()}
        ORDER BY expires_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)`;
  }

  /** A result whose time is over is expired for readers at once; the sweep notes it in the row and removes the files. */
  private asOfNow(run: Run): Run {
    const isOver = run.status === RunStatus.Completed && run.expiresAt <= this.clock.now();
    return isOver ? { ...run, status: RunStatus.Expired } : run;
  }
}
