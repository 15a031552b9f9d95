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

const bodySchema: z.ZodType<OutputMessage> = z.object({ file_name: z.string(), bucket: z.string(), id: z.string() });

/** Notes of what was sent, by the ids of rows of messages; and the output itself where no queue is configured. */
@Injectable()
export class IntakeOutputsRepository {
  constructor(private readonly prisma: PrismaService) {}

  async noteTold(ids: readonly string[]): Promise<void> {
    await this.prisma.intakeMessage.updateMany({ where: { id: { in: [...ids] } }, data: { toldAt: new Date() } });
  }

  /** Writes an output message, once for each message. */
  async keep(owner: string, group: string, body: OutputMessage): Promise<void> {
    await this.prisma.intakeOutput.createMany({
      data: [{ owner, group, messageId: body.id, body: { ...body } }],
      skipDuplicates: true,
    });
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
