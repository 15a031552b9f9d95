import { Injectable } from '@nestjs/common';
import type { NewAuditEntry } from './audit-entry.js';
import { AuditRepository, type AuditTransaction } from './audit.repository.js';

/** Who created, changed, cancelled, downloaded and deleted what: written once, never changed. */
@Injectable()
export class AuditLog {
  constructor(private readonly repository: AuditRepository) {}

  /** Writes an entry in the transaction of what it tells of, in the name of the current actor: it is there if that is committed. */
  async append(tx: AuditTransaction, entry: NewAuditEntry): Promise<void> {
    await this.repository.append(tx, entry);
  }
}
