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

/** Notes of what was sent, and the output itself where no queue is configured. `id` is that of a message's row. */
@Injectable()
export class IntakeOutputsRepository {
  constructor(private readonly prisma: PrismaService) {}

  async isTold(id: string): Promise<boolean> {
    const row = await this.prisma.intakeMessage.findUnique({ where: { id }, select: { toldAt: true } });
    return row !== null && row.toldAt !== null;
  }

  async noteTold(id: string): Promise<void> {
    await this.prisma.intakeMessage.updateMany({ where: { id }, data: { toldAt: new Date() } });
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
