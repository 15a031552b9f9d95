import { z } from 'zod';
import type { Prisma } from '../platform/prisma/generated/client.js';
import { MessageType, type IntakeMessage, type Reason } from './intake-message.js';

export const messageColumns = {
  ...{ id: true, owner: true, messageId: true, type: true, group: true, state: true, title: true, route: true },
  ...{ bucket: true, key: true, runId: true, reason: true, createdAt: true, finishedAt: true, toldAt: true },
} satisfies Prisma.IntakeMessageSelect;

type Row = Prisma.IntakeMessageGetPayload<{ select: typeof messageColumns }>;

const typeSchema = z.enum(MessageType);
const reasonSchema: z.ZodType<Reason | null> = z
  .object({ code: z.string(), detail: z.string(), pointer: z.string().nullable() })
  .nullable();

export function toMessage(row: Row): IntakeMessage {
  return { ...row, type: typeSchema.parse(row.type), reason: reasonSchema.parse(row.reason) };
}
