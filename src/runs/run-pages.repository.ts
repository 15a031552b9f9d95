import { Injectable } from '@nestjs/common';
import { PrismaService } from '../platform/prisma/prisma.service.js';
import type { Run } from './run.js';
import { TERMINAL_STATUSES } from './run-state.js';

/** What the life of a run needs to know of the pages that its source has fetched; the source writes and reads them. */
@Injectable()
export class RunPagesRepository {
  constructor(private readonly prisma: PrismaService) {}

  async hasPagesOf({ id, attempt }: Pick<Run, 'id' | 'attempt'>): Promise<boolean> {
    const page = await this.prisma.exportPage.findFirst({ where: { runId: id, attempt }, select: { sequence: true } });
    return page !== null;
  }

  async remove(runId: string): Promise<void> {
    await this.prisma.exportPage.deleteMany({ where: { runId } });
  }

  /** Runs that have ended and still have pages, because whoever ended them could not remove them. */
  async leftBehind(limit: number): Promise<string[]> {
    const rows = await this.prisma.$queryRaw<{ id: string }[]>`
      SELECT DISTINCT run_id::text AS id FROM export_pages JOIN runs ON runs.id = run_id
      WHERE status = ANY(${TERMINAL_STATUSES}::text[]::run_status[]) LIMIT ${limit}`;
    return rows.map(({ id }) => id);
  }
}
