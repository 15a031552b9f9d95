import type { Dirent, Stats } from 'node:fs';
import { lstat, mkdir, open, readdir, realpath, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StorageUnavailable } from '../storage-errors.js';

/** `~` is in no key, so that what is being written or removed can never be listed, read or replaced as an object. */
const INCOMING = '~incoming';
const REMOVED = '~removed';

/** A put that has written nothing for so long is of a process that is gone. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

const MISSING = ['ENOENT', 'ENOTDIR'];

export interface TreeEntry {
  key: string;
  stats: Stats;
}

/** Bytes that are no object; `path` is relative to the root. */
export interface Leftover {
  path: string;
  writtenAt: Date;
}

/** The folder that the local driver keeps: objects at their keys, besides two folders for work in progress. */
export class LocalTree {
  readonly incoming: string;
  readonly removed: string;

  private constructor(readonly root: string) {
    this.incoming = join(root, INCOMING);
    this.removed = join(root, REMOVED);
  }

  /** Makes the folders and removes what processes left that are gone. */
  static async open(root: string): Promise<LocalTree> {
    await mkdir(root, { recursive: true });
    const tree = new LocalTree(await realpath(root));
    await mkdir(tree.incoming, { recursive: true });
    await mkdir(tree.removed, { recursive: true });
    await tree.sweep();
    return tree;
  }

  path(key: string): string {
    return join(this.root, key);
  }

  /** The object's file, or `null`; whatever is reached through a symbolic link is not ours and counts as absent. */
  async find(key: string): Promise<TreeEntry | null> {
    const path = this.path(key);
    try {
      if ((await realpath(path)) !== path) return null;
      const stats = await lstat(path);
      return stats.isFile() ? { key, stats } : null;
    } catch (error) {
      if (hasCode(error, ...MISSING)) return null;
      throw error;
    }
  }

  /** Makes the folders above a key, one by one: a recursive mkdir would follow a symbolic link out of the root. */
  async makeFolders(key: string): Promise<void> {
    // Mostly they are there, and one call says so.
    if (await this.isFolder(dirname(this.path(key)))) return;
    let folder = this.root;
    for (const segment of key.split('/').slice(0, -1)) {
      folder = join(folder, segment);
      await mkdir(folder).catch((error: unknown) => {
        if (!hasCode(error, 'EEXIST')) throw error;
      });
      const stats = await lstat(folder);
      if (stats.isFile()) throw new TypeError(`${JSON.stringify(key)} lies below another object.`);
      if (!stats.isDirectory()) throw new StorageUnavailable({ cause: new Error(`${folder} is no folder`) });
    }
  }

  /** All objects whose key starts with the prefix, in the order of their keys. */
  async *walk(prefix: string): AsyncGenerator<TreeEntry> {
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    if (await this.isFolder(this.path(folder).replace(/\/$/, ''))) yield* this.walkFolder(folder, prefix);
  }

  /** Whether the path is a folder of ours, not one behind a symbolic link. */
  async isFolder(path: string): Promise<boolean> {
    if ((await realpath(path).catch(absent)) !== path) return false;
    return (await lstat(path).catch(absent))?.isDirectory() === true;
  }

  private async *walkFolder(folder: string, prefix: string): AsyncGenerator<TreeEntry> {
    const entries = await readdir(this.path(folder), { withFileTypes: true }).catch(absent);
    const names = (entries ?? []).map((entry) => nameInKey(entry)).filter((name) => name !== null);
    for (const name of names.sort()) {
      const key = folder + name;
      if (key.endsWith('/')) {
        if (key.startsWith(prefix) || prefix.startsWith(key)) yield* this.walkFolder(key, prefix);
      } else if (key.startsWith(prefix)) {
        const stats = await lstat(this.path(key)).catch(absent);
        if (stats?.isFile() === true) yield { key, stats };
      }
    }
  }

  /** Removes the folders above a path as far as they are empty. */
  async pruneAbove(path: string): Promise<void> {
    for (let folder = dirname(path); folder.length > this.root.length; folder = dirname(folder)) {
      try {
        await rmdir(folder);
      } catch (error) {
        if (hasCode(error, 'ENOTEMPTY', 'EEXIST', ...MISSING)) return;
        throw error;
      }
    }
  }

  /** What is being written or removed, or was when its process died. */
  async *leftovers(): AsyncGenerator<Leftover> {
    for (const folder of [INCOMING, REMOVED]) {
      for (const name of await readdir(join(this.root, folder))) {
        const stats = await stat(join(this.root, folder, name)).catch(absent);
        if (stats !== null) yield { path: join(folder, name), writtenAt: stats.mtime };
      }
    }
  }

  async removeLeftover(path: string): Promise<void> {
    await rm(join(this.root, path), { recursive: true, force: true, maxRetries: 3 });
  }

  private async sweep(): Promise<void> {
    for await (const { path, writtenAt } of this.leftovers()) {
      const isAbandoned = writtenAt.getTime() < Date.now() - ABANDONED_MS;
      if (isAbandoned || path.startsWith(REMOVED)) await this.removeLeftover(path);
    }
  }
}

/** Makes a rename durable: the folder's entry is written, not only the file. A folder removed since needs no sync. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(absent);
  if (handle === null) return;
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => code === error.code);
}

/** Folders end with `/` here, so that names sort as the keys below them do. `null` for what is no object and no folder. */
function nameInKey(entry: Dirent): string | null {
  if (!/^[A-Za-z0-9._-]+$/.test(entry.name)) return null;
  if (entry.isDirectory()) return `${entry.name}/`;
  return entry.isFile() ? entry.name : null;
}

function absent(error: unknown): null {
  if (hasCode(error, ...MISSING)) return null;
  throw error;
}
