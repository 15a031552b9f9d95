import { Module } from '@nestjs/common';
import { LocalFilesController } from './local-files.controller.js';
import { StorageModule } from './storage.module.js';

/** For the process that serves HTTP, and only with the local driver. */
@Module({ imports: [StorageModule], controllers: [LocalFilesController] })
export class LocalFilesModule {}
