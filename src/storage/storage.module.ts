import { Module } from '@nestjs/common';
import { assertNever } from '../common/assert-never.js';
import { Clock } from '../common/clock.js';
import { Config } from '../config/config.js';
import { LocalStorage } from './drivers/local.js';
import { StorageUpkeep } from './storage-upkeep.js';
import { Storage } from './storage.js';

async function openStorage({ storage, http }: Config, clock: Clock): Promise<Storage & StorageUpkeep> {
  switch (storage.driver) {
    case 'local':
      return LocalStorage.open({
        root: storage.root,
        signingKey: storage.signingKey,
        publicUrl: http.publicUrl,
        clock,
      });
    case 's3': {
      // The AWS SDK takes some 30 MB of memory: only who uses it loads it.
      const { S3Storage } = await import('./drivers/s3.js');
      return new S3Storage(storage, clock);
    }
    default:
      return assertNever(storage);
  }
}

@Module({
  providers: [
    { provide: Storage, inject: [Config, Clock], useFactory: openStorage },
    { provide: StorageUpkeep, useExisting: Storage },
  ],
  exports: [Storage, StorageUpkeep],
})
export class StorageModule {}
