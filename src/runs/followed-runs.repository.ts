import { Injectable } from '@nestjs/common';
import { PrismaService } from '../platform/prisma/prisma.service.js';
import { eventSchema, type RunEvent } from './run-events.js';
import type { Run } from './run.js';
import { runColumns, toRun } from './runs.mapper.js';
import { MAX_QUEUE_POSITION } from './runs.repository.js';

interface EventRow {
  runId: string;
  revision: number;
  type: string;
  data: unknown;
}

/** Looks at many runs at once. Runs that are gone or being purged are in no answer. */
@Injectable()
export class FollowedRunsRepository {
  constructor(private readonly prisma: PrismaService) {}

  async revisionsOf(ids: readonly string[]): Promise<Map<string, number>> {
    const rows = await this.prisma.$queryRaw<{ id: string; revision: number }[]>`
      SELECT id::text, revision FROM runs WHERE id = ANY(${ids}::uuid[]) AND purge_requested_at IS NULL`;
    return new Map(rows.map(({ id, revision }) => [id, revision]));
  }

  async load(ids: readonly string[]): Promise<Map<string, Run>> {
    const rows = await this.prisma.run.findMany({
      where: { id: { in: [...ids] }, purgeRequestedAt: null },
      select: runColumns,
    });
    return new Map(rows.map((row) => [row.id, toRun(row)]));
  }

  /** Changes of status of each run after the revision given for it, oldest first. */
  async eventsAfter(seen: readonly { id: string; revision: number }[]): Promise<Map<string, RunEvent[]>> {
    const rows = await this.prisma.$queryRaw<EventRow[]>`
      SELECT run_id::text AS "runId", revision, type, data FROM run_events
      JOIN unnest(${seen.map(({ id }) => id)}::uuid[], ${seen.map(({ revision }) => revision)}::int[]) AS seen (id, after)
        ON run_id = seen.id AND revision > seen.after
      ORDER BY revision`;
    const events = rows.map(({ runId, revision, type, data }) => ({
      runId,
      event: eventSchema.parse({ id: revision, type, data }),
    }));
    const groups = Map.groupBy(events, ({ runId }) => runId);
    return new Map([...groups].map(([id, group]) => [id, group.map(({ event }) => event)]));
  }

  /** Of those that are queued: how many of the same owner and kind stand before, counted up to a limit; 0 = the owner's next. */
  async queuePositions(ids: readonly string[]): Promise<Map<string, number>> {
    const rows = await this.prisma.$queryRaw<{ id: string; position: number }[]>`
      WITH front AS (
        SELECT line.id, (rank() OVER (PARTITION BY kind, owner ORDER BY line.available_at, line.id) - 1)::int AS position
        FROM (SELECT DISTINCT kind, owner FROM runs WHERE id = ANY(${ids}::uuid[])) AS lines
        CROSS JOIN unnest('{false,true}'::boolean[]) AS lanes (long) CROSS JOIN LATERAL (
          SELECT id, available_at FROM runs
          WHERE status = 'queued' AND kind = lines.kind AND owner = lines.owner AND long_run = lanes.long
          ORDER BY available_at, id LIMIT ${MAX_QUEUE_POSITION}) AS line
      )
      SELECT id::text, least(position, ${MAX_QUEUE_POSITION})::int AS position FROM runs LEFT JOIN front USING (id)
      WHERE id = ANY(${ids}::uuid[]) AND status = 'queued'`;
    return new Map(rows.map(({ id, position }) => [id, position]));
  }
}
