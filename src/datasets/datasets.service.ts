import { createReadStream } from 'node:fs';
import { Injectable, Logger } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { decodeCursor, encodeCursor } from '../common/pagination.js';
import { Limits } from '../limits/limits.js';
import { Storage } from '../storage/storage.js';
import { DatasetExists, DatasetNotFound, versionFolder, versionKey } from './dataset.js';
import type { Dataset, PinnedVersion } from './dataset.js';
import { DatasetsRepository } from './datasets.repository.js';
import { DatasetImport, type ImportedFile, type ImportRequest } from './import/dataset-import.js';

const PARQUET = 'application/vnd.apache.parquet';

export interface DatasetPage {
  /** Each with its newest version only. */
  datasets: Dataset[];
  nextCursor: string | null;
}

/** Named tables that definitions read. */
@Injectable()
export class DatasetsService {
  private readonly logger = new Logger(DatasetsService.name);

  constructor(
    private readonly repository: DatasetsRepository,
    private readonly imports: DatasetImport,
    private readonly storage: Storage,
    private readonly limits: Limits,
  ) {}

  /** Newest first. Throws `ValidationFailed` for a cursor that is none. */
  async list(owner: string, { limit, cursor }: { limit: number; cursor: string | undefined }): Promise<DatasetPage> {
    const found = await this.repository.list(owner, limit + 1, cursor === undefined ? null : decodeCursor(cursor));
    const datasets = found.slice(0, limit);
    const last = datasets.at(-1);
    return { datasets, nextCursor: found.length > limit && last ? encodeCursor(last) : null };
  }

  /** Throws `DatasetNotFound`. */
  async get(owner: string, name: string): Promise<Dataset> {
    const dataset = await this.repository.find(owner, name);
    if (dataset === null) throw new DatasetNotFound(name);
    return dataset;
  }

  /** A dataset without content. Throws `DatasetExists`. */
  create(owner: string, name: string, description: string | null): Promise<Dataset> {
    return this.repository.create(owner, name, description);
  }

  /**
   * Removes rows first: a crash before the files are gone leaves files that nothing refers to, never a dataset without
   * files. Throws `DatasetNotFound`.
   */
  async delete(owner: string, name: string): Promise<void> {
    const dataset = await this.get(owner, name);
    if (!(await this.repository.delete(dataset))) throw new DatasetNotFound(name);
    await this.storage.removeAll(`datasets/${dataset.id}/`);
  }

  /**
   * Makes an upload the newest version and creates the dataset if there is none. The earlier versions stay as they are,
   * and stay the newest, whatever goes wrong. Throws what `DatasetImport.run` throws, `StorageUnavailable`, and `LimitReached`
   * when the owner keeps as much as it may.
   */
  async publish(
    owner: string,
    name: string,
    request: Omit<ImportRequest, 'maxUploadBytes'>,
  ): Promise<{ dataset: Dataset; created: boolean }> {
    const { uploadBytes: maxUploadBytes } = await this.limits.of(owner);
    const usedUp = await this.limits.storageUsedUp(owner);
    if (usedUp !== null) throw usedUp;
    return await this.imports.run({ ...request, maxUploadBytes }, async (file) => {
      const { dataset, created } = await this.getOrCreate(owner, name);
      try {
        await this.store(dataset, file, request.signal);
      } catch (error) {
        if (created) await this.repository.deleteIfEmpty(dataset.id);
        throw error;
      }
      return { dataset: await this.get(owner, name), created };
    });
  }

  /**
   * The newest version of each name, in the order of the names. Throws `DatasetNotFound`, its pointer
   * `/datasets/<index>`, for a dataset that is not there or has no content yet.
   */
  async resolve(owner: string, names: readonly string[]): Promise<PinnedVersion[]> {
    if (names.length === 0) return [];
    const found = new Map((await this.repository.newestVersions(owner, names)).map((pin) => [pin.name, pin]));
    return names.map((name, index) => {
      const pin = found.get(name);
      if (pin !== undefined) return pin;
      const detail = `There is no dataset "${name}" with content.`;
      throw new DatasetNotFound(name, { places: [{ pointer: `/datasets/${String(index)}`, detail }] });
    });
  }

  private async getOrCreate(owner: string, name: string): Promise<{ dataset: Dataset; created: boolean }> {
    const dataset = await this.repository.find(owner, name);
    if (dataset !== null) return { dataset, created: false };
    try {
      return { dataset: await this.repository.create(owner, name, null), created: true };
    } catch (error) {
      // Another upload of the name was faster.
      if (error instanceof DatasetExists) return { dataset: await this.get(owner, name), created: false };
      throw error;
    }
  }

  private async store(dataset: Dataset, file: ImportedFile, signal: AbortSignal): Promise<void> {
    const id = uuidv7();
    const { rows, columns, sourceFormat } = file;
    const key = versionKey(dataset.id, id);
    const { size, sha256 } = await this.storage.put(key, createReadStream(file.path), { contentType: PARQUET, signal });
    try {
      signal.throwIfAborted();
      await this.repository.addVersion(dataset, { id, key, rows, bytes: BigInt(size), sha256, columns, sourceFormat });
    } catch (error) {
      await this.removeUnused(id, versionFolder(dataset.id, id));
      throw error;
    }
  }

  /** The first error is the one to tell; a file that stays is found by the sweep of files that nothing refers to. */
  private async removeUnused(versionId: string, folder: string): Promise<void> {
    try {
      // The version may be there, and only the answer to its insertion lost.
      if ((await this.repository.findFile(versionId)) !== null) return;
      await this.storage.removeAll(folder);
    } catch (error) {
      this.logger.warn({ err: error, msg: 'a file that no version refers to could not be removed', folder });
    }
  }
}
