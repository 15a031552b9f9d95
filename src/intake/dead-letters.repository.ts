import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { PrismaService } from '../platform/prisma/prisma.service.js';
import { toMessage, messageColumns } from './intake-messages.mapper.js';
import type { IntakeMessage } from './intake-message.js';

export interface RejectedMessage extends IntakeMessage {
  body: Buffer;
}

/** Rejected messages of which nobody has been told. */
@Injectable()
export class DeadLettersRepository {
  constructor(private readonly prisma: PrismaService) {}

  /** Takes some of them, in their order, for so long. */
  async claim(limit: number, leaseSeconds: number): Promise<RejectedMessage[]> {
    const leaseId = uuidv7();
    await this.prisma.$executeRaw`
      UPDATE intake_messages SET lease_id = ${leaseId}::uuid, lease_until = now() + ${leaseSeconds} * interval '1 second'
      WHERE id IN (
        SELECT id FROM intake_messages WHERE state = 'rejected' AND told_at IS NULL
          AND (lease_until IS NULL OR lease_until < now())
        ORDER BY sequence LIMIT ${limit} FOR UPDATE SKIP LOCKED)`;
    const rows = await this.prisma.intakeMessage.findMany({
      where: { state: 'rejected', leaseId },
      orderBy: { sequence: 'asc' },
      select: { ...messageColumns, body: true },
    });
    return rows.map(({ body, ...row }) => ({ ...toMessage(row), body: Buffer.from(body) }));
  }

  /** Nobody takes them for so long. */
  async hold(ids: readonly string[], seconds: number): Promise<void> {
    await this.prisma.$executeRaw`
      UPDATE intake_messages SET lease_until = now() + ${seconds} * interval '1 second'
      WHERE id = ANY(${ids}::uuid[]) AND state = 'rejected' AND told_at IS NULL`;
  }
}
