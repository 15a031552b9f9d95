import { Module } from '@nestjs/common';
import { AuditController } from './audit.controller.js';
import { AuditLog } from './audit-log.js';
import { AuditRepository } from './audit.repository.js';

/** Writing the audit, in any process. */
@Module({ providers: [AuditRepository, AuditLog], exports: [AuditLog] })
export class AuditModule {}

/** What only the API serves: reading it. */
@Module({ imports: [AuditModule], controllers: [AuditController] })
export class AuditApiModule {}
