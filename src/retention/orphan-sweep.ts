import { Injectable, Logger } from '@nestjs/common';
import { StorageUpkeep } from '../storage/storage-upkeep.js';
import { Storage, type StoredObject } from '../storage/storage.js';
import { ownerOfKey, STORED_FOLDERS } from './stored-key.js';
import { StoredReferencesRepository } from './stored-references.repository.js';

/** Objects whose rows are looked up together. */
const BATCH = 500;

export interface OrphanSweepOptions {
  /** What was written later is left alone: it may be about to be pointed to. */
  before: Date;
  /** Otherwise they are only counted. */
  remove: boolean;
  /** Asked from batch to batch; the sweep ends when it says no. */
  goesOn: () => Promise<boolean>;
}

/** What a sweep has met. */
export interface OrphanReport {
  /** Objects of the service, young ones among them. */
  objects: number;
  /** Old objects that no row points to, and their bytes. */
  orphans: number;
  bytes: number;
  /** Uploads that nobody has ended. */
  uploads: number;
  /** Orphans and uploads that could not be removed. */
  failed: number;
}

/**
 * Finds by listing what is stored and belongs to nothing: what a process that was killed between an object and its row, or between
 * a row and its object, left behind. Files under names that the service does not give are not looked at.
 */
@Injectable()
export class OrphanSweep {
  private readonly logger = new Logger(OrphanSweep.name);

  constructor(
    private readonly storage: Storage,
    private readonly upkeep: StorageUpkeep,
    private readonly references: StoredReferencesRepository,
  ) {}

  async sweep(options: OrphanSweepOptions): Promise<OrphanReport> {
    const report = { objects: 0, orphans: 0, bytes: 0, uploads: 0, failed: 0 };
    for (const folder of STORED_FOLDERS) {
      for await (const batch of inBatches(this.storage.list(folder))) {
        if (!(await options.goesOn())) return report;
        await this.sweepObjects(batch, options, report);
      }
    }
    await this.sweepUploads(options, report);
    return report;
  }

  private async sweepObjects(
    batch: readonly StoredObject[],
    { before, remove }: OrphanSweepOptions,
    report: OrphanReport,
  ): Promise<void> {
    const ours = batch.filter(({ key }) => ownerOfKey(key) !== null);
    const old = ours.filter(({ modifiedAt }) => modifiedAt < before);
    const needed = await this.references.needed(old.map(({ key }) => key));
    report.objects += ours.length;
    for (const { key, size } of old.filter((object) => !needed.has(object.key))) {
      report.orphans += 1;
      report.bytes += size;
      if (remove) await this.attempt(report, key, async () => this.removeIfUnneeded(key));
    }
  }

  /** Asked again, although a key that was not needed never is again: a mistake here cannot be undone. */
  private async removeIfUnneeded(key: string): Promise<void> {
    if ((await this.references.needed([key])).size === 0) await this.upkeep.remove(key);
  }

  private async sweepUploads(options: OrphanSweepOptions, report: OrphanReport): Promise<void> {
    for await (const upload of this.upkeep.unfinished()) {
      if (!(await options.goesOn())) return;
      if (upload.touchedAt >= options.before) continue;
      if (upload.key !== null && !(await this.isAbandoned(upload.key))) continue;
      report.uploads += 1;
      if (options.remove) await this.attempt(report, upload.id, async () => this.upkeep.abandon(upload));
    }
  }

  private async isAbandoned(key: string): Promise<boolean> {
    return ownerOfKey(key) !== null && (await this.references.needed([key])).size === 0;
  }

  /** One object that cannot be removed must not keep the sweep from the others. */
  private async attempt(report: OrphanReport, name: string, remove: () => Promise<void>): Promise<void> {
    try {
      await remove();
    } catch (error) {
      report.failed += 1;
      if (report.failed === 1) this.logger.warn({ err: error, msg: 'an orphaned file could not be removed', name });
    }
  }
}

async function* inBatches(objects: AsyncIterable<StoredObject>): AsyncGenerator<StoredObject[]> {
  let batch: StoredObject[] = [];
  for await (const object of objects) {
    batch.push(object);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
