import type { OwnerLimits } from '../config/config.js';
import type { LimitsDto, OwnerLimitsDto } from './dto/limits.dto.js';
import { overlay, toWire, type LimitChanges, type OwnerUse } from './owner-limits.js';
import type { Count } from './rate-counter.js';

export function toLimitsDto(limits: OwnerLimits, use: OwnerUse, rate: Count): LimitsDto {
  const wire = toWire(limits);
  return {
    running: { limit: wire.running, used: use.running },
    queued: { limit: wire.queued, used: use.queued + use.running },
    rows: { limit: wire.rows },
    bytes: { limit: wire.bytes },
    run_seconds: { limit: wire.run_seconds },
    upload_bytes: { limit: wire.upload_bytes },
    stored_bytes: { limit: wire.stored_bytes, used: use.storedBytes },
    requests_per_minute: { limit: wire.requests_per_minute, used: rate.used, reset_seconds: rate.resetSeconds },
  };
}

export const toOwnerLimitsDto = (owner: string, changes: LimitChanges, configured: OwnerLimits): OwnerLimitsDto => ({
  owner,
  changes,
  limits: toWire(overlay(configured, changes)),
});
