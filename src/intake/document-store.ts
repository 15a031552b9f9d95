/** Where a document is. */
export interface Place {
  bucket: string;
  key: string;
}

/**
 * Buckets that documents are put into, named as the routing names them. Keys are single names in any Unicode, as `objectKeys` makes
 * them. A technical failure, be it a bucket that is not there, is a `StorageUnavailable`, which is retryable.
 */
export abstract class DocumentStore {
  /** Puts a JSON document, whole or not at all; replaces what is there under the key. Ends with the signal's reason when it aborts. */
  abstract put(place: Place, bytes: Buffer, signal: AbortSignal): Promise<void>;
}
