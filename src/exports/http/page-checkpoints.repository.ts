import { Injectable } from '@nestjs/common';
import { Prisma } from '../../platform/prisma/generated/client.js';
import { PrismaService } from '../../platform/prisma/prisma.service.js';
import type { RunStopped } from '../../runs/run-errors.js';
import { RunStatus, type Run } from '../../runs/run.js';
import { pageFacts, pagePlace, type Page } from './page.js';

type AttemptOf = Pick<Run, 'id' | 'attempt'>;

/** The pages that runs have fetched: a row is what makes a page one that is never asked for again. */
@Injectable()
export class PageCheckpointsRepository {
  constructor(private readonly prisma: PrismaService) {}

  /** In their order. */
  async of(runId: string): Promise<Page[]> {
    const rows = await this.prisma.exportPage.findMany({
      where: { runId },
      orderBy: { sequence: 'asc' },
      select: { sequence: true, key: true, rows: true, bytes: true, digest: true, next: true, facts: true },
    });
    return rows.map((row) => ({
      ...row,
      next: pagePlace.nullable().parse(row.next),
      facts: pageFacts.parse(row.facts),
    }));
  }

  /**
   * Keeps pages, all or none, while the run is this attempt's. Returns null, or why they were not kept. The lock makes an
   * attempt that begins now wait, so that it finds them.
   */
  async keep({ id, attempt }: AttemptOf, pages: readonly Page[]): Promise<RunStopped['reason'] | null> {
    const rows = pages.map(
      ({ sequence, key, rows: count, bytes, digest, next, facts }) => Prisma.sql`(
        ${sequence}::int, ${key}::text, ${count}::int, ${bytes}::int, ${digest}::text,
        ${next === null ? null : JSON.stringify(next)}::jsonb, ${JSON.stringify(facts)}::jsonb)`,
    );
    const kept = await this.prisma.$executeRaw`
      INSERT INTO export_pages (run_id, sequence, attempt, key, rows, bytes, digest, next, facts)
      SELECT run.id, page.sequence, run.attempt, page.key, page.rows, page.bytes, page.digest, page.next, page.facts
      FROM (
        SELECT id, attempt FROM runs
        WHERE id = ${id}::uuid AND attempt = ${attempt} AND status = 'running' FOR SHARE
      ) run CROSS JOIN (VALUES ${Prisma.join(rows)}) page (sequence, key, rows, bytes, digest, next, facts)
      ON CONFLICT DO NOTHING`;
    return kept === pages.length ? null : await this.reasonOf({ id, attempt }, pages);
  }

  /** The rows may be there already: then the answer to an insertion before was lost. */
  private async reasonOf({ id, attempt }: AttemptOf, pages: readonly Page[]): Promise<RunStopped['reason'] | null> {
    const run = await this.prisma.run.findUnique({ where: { id }, select: { attempt: true, status: true } });
    if (run?.attempt !== attempt) return 'fenced';
    if (run.status === RunStatus.Cancelling) return 'cancelled';
    const ours = await this.prisma.exportPage.count({
      where: { runId: id, attempt, sequence: { in: pages.map(({ sequence }) => sequence) } },
    });
    return ours === pages.length ? null : 'fenced';
  }
}
