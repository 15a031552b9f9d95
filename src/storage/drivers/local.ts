import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { SystemClock, type Clock } from '../../common/clock.js';
import { AppError } from '../../common/errors.js';
import { ByteFlow, abortReason, translateErrors } from '../byte-flow.js';
import { LinkSigner, type LinkGrant } from '../link-signer.js';
import { checkFolder, checkKey, checkPrefix } from '../storage-keys.js';
import { ObjectMissing, StorageFull, StorageUnavailable } from '../storage-errors.js';
import type { StorageUpkeep, UnfinishedUpload } from '../storage-upkeep.js';
import { Storage, type ByteRange, type PutOptions, type SignedLink, type SignOptions } from '../storage.js';
import type { StoredObject, WrittenObject } from '../storage.js';
import { checkRange } from './byte-range.js';
import { LocalTree, hasCode, syncFolder, type TreeEntry } from './local-tree.js';

export interface LocalStorageOptions {
  root: string;
  signingKey: string;
  /** Base of signed links, without a trailing slash. */
  publicUrl: string;
  /** By which links expire: the same for all processes. Default: that of this one. */
  clock?: Clock;
}

/** A file that a verified link allows to be sent: `path` is relative to `root`. */
export interface LinkedFile extends LinkGrant {
  root: string;
  path: string;
  /** Strong validator: an object is only ever replaced as a whole, by another file. */
  etag: string;
}

/** No space on the disk, of the user's quota, or for a file of this size. */
const FULL = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/** How often a put makes its folders again after a removal took them away. */
const FOLDER_TRIES = 10;

/** Objects as plain files below one folder, which all processes share. */
export class LocalStorage extends Storage implements StorageUpkeep {
  private constructor(
    private readonly tree: LocalTree,
    private readonly signer: LinkSigner,
  ) {
    super();
  }

  static async open(options: LocalStorageOptions): Promise<LocalStorage> {
    const { root, publicUrl, signingKey, clock = new SystemClock() } = options;
    return new LocalStorage(await LocalTree.open(root), new LinkSigner(publicUrl, signingKey, clock));
  }

  async put(key: string, body: Readable, options: PutOptions): Promise<WrittenObject> {
    checkKey(key);
    const signal = options.signal ?? new AbortController().signal;
    const flow = new ByteFlow(body, signal);
    const temporary = join(this.tree.incoming, randomUUID());
    try {
      await this.write(temporary, flow, options);
      if (signal.aborted) throw abortReason(signal);
      await this.moveIn(temporary, key);
    } catch (error) {
      body.destroy();
      await attempt(rm(temporary, { force: true }));
      throw error;
    }
    return { key, size: flow.size, sha256: flow.sha256() };
  }

  async read(key: string, range?: ByteRange): Promise<Readable> {
    checkKey(key);
    checkRange(range);
    const entry = await attempt(this.tree.find(key));
    if (entry === null) throw new ObjectMissing();
    if (range !== undefined && range.start >= entry.stats.size)
      throw new RangeError('The range starts behind the object.');
    const handle = await this.openFile(key);
    return translateErrors(handle.createReadStream({ ...range }), unavailable);
  }

  async head(key: string): Promise<StoredObject | null> {
    checkKey(key);
    const entry = await attempt(this.tree.find(key));
    return entry === null ? null : toStoredObject(entry);
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    checkPrefix(prefix);
    try {
      for await (const entry of this.tree.walk(prefix)) yield toStoredObject(entry);
    } catch (error) {
      throw unavailable(error);
    }
  }

  /** The folder leaves in one step, so that a put at the same time is either removed with it or stays whole. */
  async removeAll(prefix: string): Promise<void> {
    checkFolder(prefix);
    await attempt(this.removeFolder(prefix));
  }

  async remove(key: string): Promise<void> {
    checkKey(key);
    await attempt(this.removeFile(key));
  }

  async *unfinished(): AsyncGenerator<UnfinishedUpload> {
    try {
      for await (const { path, writtenAt } of this.tree.leftovers()) {
        yield { id: path, key: null, touchedAt: writtenAt };
      }
    } catch (error) {
      throw unavailable(error);
    }
  }

  async abandon({ id }: UnfinishedUpload): Promise<void> {
    await attempt(this.tree.removeLeftover(id));
  }

  sign(key: string, options: SignOptions): Promise<SignedLink> {
    checkKey(key);
    return Promise.resolve(this.signer.sign(key, options));
  }

  /** The file that a link made by `sign` allows; throws `LinkInvalid`, or `ObjectMissing` when it was removed. */
  async follow(key: string, query: Readonly<Record<string, unknown>>): Promise<LinkedFile> {
    const grant = this.signer.verify(key, query);
    const entry = await attempt(this.tree.find(grant.key));
    if (entry === null) throw new ObjectMissing();
    const { ino, size, mtimeMs } = entry.stats;
    const etag = `"${[ino, size, mtimeMs].map((part) => part.toString(36)).join('-')}"`;
    return { ...grant, root: this.tree.root, path: grant.key, etag };
  }

  private async write(path: string, flow: ByteFlow, options: PutOptions): Promise<void> {
    const handle = await attempt(open(path, 'wx'));
    try {
      for await (const bytes of flow) {
        await attempt(handle.writeFile(bytes));
        options.onProgress?.(flow.size);
      }
      await attempt(handle.sync());
    } finally {
      await attempt(handle.close());
    }
  }

  private async moveIn(temporary: string, key: string): Promise<void> {
    const path = this.tree.path(key);
    for (let tries = 1; ; tries += 1) {
      try {
        await this.tree.makeFolders(key);
        await rename(temporary, path);
        break;
      } catch (error) {
        if (hasCode(error, 'EISDIR', 'ENOTEMPTY')) {
          throw new TypeError(`${JSON.stringify(key)} is a folder of other objects.`, { cause: error });
        }
        if (error instanceof TypeError) throw error;
        if (tries === FOLDER_TRIES || !hasCode(error, 'ENOENT')) throw unavailable(error);
      }
    }
    await attempt(syncFolder(dirname(path)));
  }

  private async removeFolder(prefix: string): Promise<void> {
    const path = this.tree.path(prefix.slice(0, -1));
    if (!(await this.tree.isFolder(path))) return;
    const trash = join(this.tree.removed, randomUUID());
    try {
      await rename(path, trash);
    } catch (error) {
      if (hasCode(error, 'ENOENT', 'ENOTDIR')) return;
      throw error;
    }
    await rm(trash, { recursive: true, force: true, maxRetries: 3 });
    await this.tree.pruneAbove(path);
  }

  private async removeFile(key: string): Promise<void> {
    if ((await this.tree.find(key)) === null) return;
    const path = this.tree.path(key);
    await rm(path, { force: true });
    await this.tree.pruneAbove(path);
  }

  private async openFile(key: string): Promise<FileHandle> {
    try {
      return await open(this.tree.path(key), constants.O_RDONLY | constants.O_NOFOLLOW);
    } catch (error) {
      throw hasCode(error, 'ENOENT', 'ENOTDIR') ? new ObjectMissing({ cause: error }) : unavailable(error);
    }
  }
}

async function attempt<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw unavailable(error);
  }
}

function unavailable(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return hasCode(error, ...FULL) ? new StorageFull({ cause: error }) : new StorageUnavailable({ cause: error });
}

function toStoredObject({ key, stats }: TreeEntry): StoredObject {
  return { key, size: stats.size, modifiedAt: stats.mtime };
}
