import { Injectable } from '@nestjs/common';
import type { AuditEntry, AuditQuery, NewAuditEntry } from './audit-entry.js';
import { AuditRepository, type AuditTransaction } from './audit.repository.js';

export type { AuditTransaction } from './audit.repository.js';

/** Who created, changed, cancelled, downloaded and deleted what: written once, never changed. */
@Injectable()
export class AuditLog {
  constructor(private readonly repository: AuditRepository) {}

  /** Writes an entry in the transaction of what it tells of, in the name of the current actor: it is there if that is committed. */
  async append(tx: AuditTransaction, entry: NewAuditEntry): Promise<void> {
    await this.repository.append(tx, entry);
  }

  /** Of all owners, unless one is named. `next` is null on the last page, else what to ask for as `before`. */
  async list(query: AuditQuery): Promise<{ entries: AuditEntry[]; next: bigint | null }> {
    const found = await this.repository.list({ ...query, limit: query.limit + 1 });
    const entries = found.slice(0, query.limit);
    return { entries, next: found.length > query.limit ? (entries.at(-1)?.sequence ?? null) : null };
  }
}
