import { Injectable } from '@nestjs/common';
import { PrismaService } from '../platform/prisma/prisma.service.js';

/** Forgetting what is over. Each call is one bounded step and returns how many rows it removed. */
@Injectable()
export class IntakeRetentionRepository {
  constructor(private readonly prisma: PrismaService) {}

  /** Output messages that are read from the table. */
  async removeOutputs(seconds: number, limit: number): Promise<number> {
    return await this.prisma.$executeRaw`
      DELETE FROM intake_outputs WHERE sequence IN (
        SELECT sequence FROM intake_outputs WHERE created_at < now() - ${seconds} * interval '1 second'
        ORDER BY created_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)`;
  }

  /**
   * Messages that are finished and told; of a started run there is nothing to tell, and of a rejected message only `withLetters`. The
   * names of documents stay taken. A message goes after its output, which would otherwise hide that of a new one with its id.
   */
  async removeMessages(seconds: number, limit: number, withLetters: boolean): Promise<number> {
    const [row] = await this.prisma.$queryRaw<{ removed: number }[]>`
      WITH gone AS (
        DELETE FROM intake_messages WHERE id IN (
          SELECT id FROM intake_messages m WHERE finished_at < now() - ${seconds} * interval '1 second'
            AND (told_at IS NOT NULL OR state = 'started' OR (state = 'rejected' AND NOT ${withLetters}))
            AND NOT EXISTS (SELECT FROM intake_outputs o WHERE o.owner = m.owner AND o.message_id = m.message_id)
          ORDER BY finished_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)
        RETURNING bucket, key),
      names AS (
        INSERT INTO intake_names (bucket, key) SELECT bucket, key FROM gone WHERE bucket IS NOT NULL AND key IS NOT NULL
        ON CONFLICT DO NOTHING)
      SELECT count(*)::int AS removed FROM gone`;
    return row?.removed ?? 0;
  }
}
