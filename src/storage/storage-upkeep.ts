/** Bytes that take up room without being an object: an upload, or a removal, that nobody has ended. */
export interface UnfinishedUpload {
  /** What the driver that lists it calls it. */
  id: string;
  /** What it would become; `null` where the storage does not say. */
  key: string | null;
  /** When it was begun, or last written to where the storage knows that. */
  touchedAt: Date;
}

/**
 * What only the sweep of a storage needs. Keys are those of `Storage`; a technical failure is a `StorageUnavailable`. Both drivers
 * are a `Storage` and its `StorageUpkeep` in one.
 */
export abstract class StorageUpkeep {
  /** Removes one object. That there is none is no error. */
  abstract remove(key: string): Promise<void>;

  /** Uploads below the configured prefix, in no order. Servers that cannot list them (MinIO) have none to show. */
  abstract unfinished(): AsyncIterable<UnfinishedUpload>;

  /** Gives up an upload that `unfinished` has shown. That it has ended since is no error, and does nothing to its object. */
  abstract abandon(upload: UnfinishedUpload): Promise<void>;
}
