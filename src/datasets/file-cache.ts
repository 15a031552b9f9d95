import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StorageUnavailable } from '../storage/storage-errors.js';

const UNFINISHED = '.part';
/** A download that has not grown for so long belongs to a process that is gone. */
const ABANDONED_MS = 3_600_000;

export interface ExpectedFile {
  bytes: number;
  sha256: string;
}

interface Source {
  open: () => Promise<Readable>;
  signal: AbortSignal;
}

interface Download {
  done: Promise<void>;
  abort: AbortController;
  waiters: number;
}

/**
 * Immutable files in a folder, each under its id, the least recently used removed when there are too many bytes. Several
 * processes may share the folder: a file appears by one rename, and its time of change says when it was last used.
 */
export class FileCache {
  private readonly downloads = new Map<string, Download>();

  constructor(
    private readonly directory: string,
    private readonly maxBytes: number,
  ) {}

  /**
   * Path of the file, downloaded if it is not there. Those who ask at once share one download, which ends when all of
   * them have gone. Throws `StorageUnavailable` when the bytes are not the expected ones, and the signal's reason.
   */
  async get(id: string, expected: ExpectedFile, source: Source): Promise<string> {
    source.signal.throwIfAborted();
    const path = join(this.directory, id);
    if (await this.touch(path, expected.bytes)) return path;
    const download = this.downloads.get(id) ?? this.start(id, expected, source.open);
    await this.wait(id, download, source.signal);
    return path;
  }

  private start(id: string, expected: ExpectedFile, open: Source['open']): Download {
    const abort = new AbortController();
    const done = this.download(id, expected, { open, signal: abort.signal });
    const download = { done, abort, waiters: 0 };
    this.downloads.set(id, download);
    return download;
  }

  private async wait(id: string, download: Download, signal: AbortSignal): Promise<void> {
    const { promise: left, reject } = Promise.withResolvers<never>();
    const leave = () => {
      reject(signal.reason instanceof Error ? signal.reason : new Error('The download was aborted.'));
    };
    download.waiters += 1;
    signal.addEventListener('abort', leave, { once: true });
    try {
      await Promise.race([download.done, left]);
    } finally {
      signal.removeEventListener('abort', leave);
      download.waiters -= 1;
      if (download.waiters === 0) {
        // Who asks from now on starts a download of its own.
        if (this.downloads.get(id) === download) this.downloads.delete(id);
        download.abort.abort();
      }
    }
  }

  private async download(id: string, expected: ExpectedFile, { open, signal }: Source): Promise<void> {
    await mkdir(this.directory, { recursive: true });
    const part = join(this.directory, `${id}.${randomUUID()}${UNFINISHED}`);
    try {
      await this.makeRoom(expected.bytes);
      const hash = createHash('sha256');
      let bytes = 0;
      const measured = async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          bytes += chunk.length;
          yield chunk;
        }
      };
      await pipeline(await open(), measured, createWriteStream(part, { flags: 'wx' }), { signal });
      if (bytes !== expected.bytes || hash.digest('hex') !== expected.sha256) {
        throw new StorageUnavailable({ cause: new Error(`The file of version ${id} is not the one that was stored.`) });
      }
      await rename(part, join(this.directory, id));
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
  }

  private async touch(path: string, bytes: number): Promise<boolean> {
    try {
      const { size } = await stat(path);
      const now = new Date();
      if (size === bytes) await utimes(path, now, now);
      return size === bytes;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  /** One file that is larger than the whole cache is kept all the same: the run needs it. */
  private async makeRoom(bytes: number): Promise<void> {
    const files = await this.files();
    let total = files.reduce((sum, { size }) => sum + size, bytes);
    for (const { name, size, usedAt } of files.toSorted((a, b) => a.usedAt - b.usedAt)) {
      const isBeingWritten = name.endsWith(UNFINISHED) && usedAt > Date.now() - ABANDONED_MS;
      if (total <= this.maxBytes) return;
      if (isBeingWritten) continue;
      await rm(join(this.directory, name), { force: true });
      total -= size;
    }
  }

  private async files(): Promise<{ name: string; size: number; usedAt: number }[]> {
    const names = await readdir(this.directory);
    const found = await Promise.all(
      names.map(async (name) => {
        try {
          const { size, mtimeMs } = await stat(join(this.directory, name));
          return [{ name, size, usedAt: mtimeMs }];
        } catch (error) {
          if (isMissing(error)) return [];
          throw error;
        }
      }),
    );
    return found.flat();
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
