import { Module } from '@nestjs/common';
import { ExportDraftsRepository } from './export-drafts.repository.js';
import { ExportDrafts } from './export-drafts.service.js';

/** Exports that are put together request by request. */
@Module({
  providers: [ExportDraftsRepository, ExportDrafts],
  exports: [ExportDrafts],
})
export class ExportDraftsModule {}
