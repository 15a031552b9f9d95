import { z } from 'zod';
import type { OwnerLimits } from '../config/config.js';

/** Limits and seconds are kept as 32-bit numbers, bytes as any that JavaScript counts exactly. */
const count = z.int().min(1).max(2_147_483_647);
const bytes = z.int().min(1);

/** What is set for one owner: only what differs from the configured limits. Names as on the wire. */
export const limitChanges = z
  .strictObject({
    running: count.meta({ description: 'Runs that are worked on at once; more of them wait.' }),
    queued: count.meta({ description: 'Runs that wait or are worked on; more are refused.' }),
    rows: z.int().min(1).meta({ description: 'Rows of one result.' }),
    bytes: bytes.meta({
      description: 'Bytes of one result, of what it is made of, and of each file rendered from it.',
    }),
    run_seconds: count.meta({ description: 'Longest time of a run.' }),
    upload_bytes: bytes.meta({ description: 'Bytes of one upload, as it is received.' }),
    stored_bytes: bytes.meta({ description: 'Bytes kept: datasets, results and files.' }),
    requests_per_minute: count.meta({ description: 'Requests of any kind, by all keys of the owner together.' }),
  })
  .partial();
export type LimitChanges = z.infer<typeof limitChanges>;

export type LimitName = keyof LimitChanges;

/** Every limit by its name on the wire. */
export const toWire = (limits: OwnerLimits): Record<LimitName, number> => ({
  running: limits.running,
  queued: limits.queued,
  rows: limits.rows,
  bytes: limits.bytes,
  run_seconds: limits.runSeconds,
  upload_bytes: limits.uploadBytes,
  stored_bytes: limits.storedBytes,
  requests_per_minute: limits.requestsPerMinute,
});

export const overlay = (configured: OwnerLimits, changes: LimitChanges): OwnerLimits => ({
  running: changes.running ?? configured.running,
  queued: changes.queued ?? configured.queued,
  rows: changes.rows ?? configured.rows,
  bytes: changes.bytes ?? configured.bytes,
  runSeconds: changes.run_seconds ?? configured.runSeconds,
  uploadBytes: changes.upload_bytes ?? configured.uploadBytes,
  storedBytes: changes.stored_bytes ?? configured.storedBytes,
  requestsPerMinute: changes.requests_per_minute ?? configured.requestsPerMinute,
});

/** What an owner uses of its limits: runs, and bytes of datasets' versions, results and files that are kept. */
export interface OwnerUse {
  running: number;
  queued: number;
  storedBytes: number;
}
