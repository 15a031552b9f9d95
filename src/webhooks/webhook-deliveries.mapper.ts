import { z } from 'zod';
import type { Delivery, DeliveryLogEntry } from './webhook.js';

export const deliveryColumns = {
  ...{ id: true, endpointId: true, eventId: true, url: true, status: true, attempts: true },
  ...{ nextAt: true, createdAt: true, finishedAt: true, log: true },
  event: { select: { type: true } },
} as const;

const logSchema = z.array(
  z.object({ at: z.string(), status: z.int().nullable(), ms: z.number(), error: z.string().nullable() }),
) satisfies z.ZodType<DeliveryLogEntry[]>;

/** A row with `deliveryColumns`. */
export function toDelivery({
  event,
  log,
  ...row
}: Omit<Delivery, 'type' | 'log'> & { event: { type: string }; log: unknown }): Delivery {
  return { ...row, type: event.type, log: logSchema.parse(log) };
}
