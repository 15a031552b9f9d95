import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BUCKET_NAME } from '../../common/bucket-name.js';
import { StorageUnavailable } from '../../storage/storage-errors.js';
import { DocumentStore, type Place } from '../document-store.js';

/** `~` is in no key of the storage, so that its files and the buckets can share a volume and never meet. */
const BUCKETS = '~buckets';
/** No bucket has such a name. */
const INCOMING = '~incoming';

/** Buckets as folders beside the files of the local storage. A bucket is made when it is first written to. */
export class LocalDocumentStore extends DocumentStore {
  private readonly root: string;

  constructor(storageRoot: string) {
    super();
    this.root = join(storageRoot, BUCKETS);
  }

  async put({ bucket, key }: Place, bytes: Buffer, signal: AbortSignal): Promise<void> {
    if (!BUCKET_NAME.test(bucket)) throw new TypeError(`${JSON.stringify(bucket)} is no name of a bucket.`);
    if (key !== basename(key) || key.startsWith('.')) throw new TypeError(`${JSON.stringify(key)} is no name.`);
    signal.throwIfAborted();
    const incoming = join(this.root, INCOMING);
    const temporary = join(incoming, randomUUID());
    try {
      await mkdir(join(this.root, bucket), { recursive: true });
      await mkdir(incoming, { recursive: true });
      await write(temporary, bytes);
      await rename(temporary, join(this.root, bucket, key));
      await sync(join(this.root, bucket));
    } catch (error) {
      await rm(temporary, { force: true });
      throw new StorageUnavailable({ cause: error });
    }
  }
}

async function write(path: string, bytes: Buffer): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The entry of the folder is what makes a rename last. */
async function sync(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
