import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { PrismaService } from '../platform/prisma/prisma.service.js';
import type { OutputMessage } from './intake-message.js';

/** An output message as it is read where no queue is configured. */
export interface KeptOutput {
  sequence: bigint;
  group: string;
  body: OutputMessage;
  createdAt: Date;
}

export interface NewOutput extends Pick<KeptOutput, 'group' | 'body'> {
  owner: string;
}

const bodySchema: z.ZodType<OutputMessage> = z.object({ file_name: z.string(), bucket: z.string(), id: z.string() });

/** Notes of what was sent, by the ids of rows of messages; and the output itself where no queue is configured. */
@Injectable()
export class IntakeOutputsRepository {
  constructor(private readonly prisma: PrismaService) {}

  async noteTold(ids: readonly string[]): Promise<void> {
    await this.prisma.$executeRaw`UPDATE intake_messages SET told_at = now() WHERE id = ANY(${ids}::uuid[])`;
  }

  /**
   * Writes output messages in their order, once for each message. Only one process does so at a time: a number that became visible
   * after a higher one would never be read by those who are past that one.
   */
  async keep(outputs: readonly NewOutput[]): Promise<void> {
    await this.prisma.$transaction([
      this.prisma.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('intake_outputs', 0))`,
      this.prisma.intakeOutput.createMany({
        data: outputs.map(({ body, ...output }) => ({ ...output, messageId: body.id, body: { ...body } })),
        skipDuplicates: true,
      }),
    ]);
  }

  /** Oldest first. */
  async list(owner: string, { after, limit }: { after: bigint; limit: number }): Promise<KeptOutput[]> {
    const rows = await this.prisma.intakeOutput.findMany({
      where: { owner, sequence: { gt: after } },
      orderBy: { sequence: 'asc' },
      take: limit,
      select: { sequence: true, group: true, body: true, createdAt: true },
    });
    return rows.map((row) => ({ ...row, body: bodySchema.parse(row.body) }));
  }
}
