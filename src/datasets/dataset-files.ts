import { randomUUID } from 'node:crypto';
import { copyFile, link } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Storage } from '../storage/storage.js';
import { DatasetNotFound, type PinnedVersion } from './dataset.js';
import { DatasetsRepository } from './datasets.repository.js';
import { FileCache } from './file-cache.js';

const BYTES_PER_MB = 1_000_000;
/** The file may be evicted between being found and being linked. */
const TRIES = 3;

/** Brings pinned versions into the folders of runs, through a disk cache that all workers of a machine share. */
@Injectable()
export class DatasetFiles {
  private readonly cache: FileCache;

  constructor(
    private readonly repository: DatasetsRepository,
    private readonly storage: Storage,
    config: Config,
  ) {
    this.cache = new FileCache(join(config.scratchDir, 'datasets'), config.datasets.cacheMb * BYTES_PER_MB);
  }

  /**
   * Path of a version's Parquet file in the folder, where it stays whatever happens to the cache. Throws
   * `DatasetNotFound` when the version was deleted, `StorageUnavailable`, and the signal's reason.
   */
  async bring(pin: PinnedVersion, folder: string, signal: AbortSignal): Promise<string> {
    const file = await this.repository.findFile(pin.id);
    if (file === null) throw new DatasetNotFound(pin.name);
    const target = join(folder, `dataset-${randomUUID()}.parquet`);
    const expected = { bytes: Number(file.bytes), sha256: file.sha256 };
    for (let attempt = 1; ; attempt += 1) {
      const cached = await this.cache.get(pin.id, expected, { signal, open: () => this.storage.read(file.key) });
      try {
        await linkOrCopy(cached, target);
        return target;
      } catch (error) {
        if (!hasCode(error, 'ENOENT') || attempt === TRIES) throw error;
      }
    }
  }
}

/** A second name for the same bytes: removing the one in the cache does not touch it. */
async function linkOrCopy(source: string, target: string): Promise<void> {
  try {
    await link(source, target);
  } catch (error) {
    if (!hasCode(error, 'EXDEV') && !hasCode(error, 'EPERM')) throw error;
    await copyFile(source, target);
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
